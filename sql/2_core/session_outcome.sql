-- core.session_outcome: the primary outcome around each attended session, for lagged analysis (session t to assessment t + 1)
-- Grain: study, site, subject_id, session_no
-- Reads: core.session, core.primary
-- Why:   next is the first record dated after the session's day; that one never lies after the first record that follows the
--        next session. Before is the last record on or before the session's day, since sites rate before they treat.
with record as (
    select study, site, subject_id, assessed_on, arg_min(aval, coalesce(visit_order, 2147483647)) as aval,
    from core.primary
    where assessed_on is not null and aval is not null
    group by all
),
held as (
    select study, site, subject_id, session_no, started_on,
    from core.session
    where attended and started_on is not null
)

select
    h.study,
    h.site,
    h.subject_id,
    h.session_no,
    b.assessed_on as before_on,
    b.aval as aval_before,
    n.assessed_on as next_on,
    n.aval as aval_next,
from held as h
asof left join record as b
    on h.study = b.study and h.site = b.site and h.subject_id = b.subject_id and h.started_on >= b.assessed_on
asof left join record as n
    on h.study = n.study and h.site = n.site and h.subject_id = n.subject_id and h.started_on < n.assessed_on
