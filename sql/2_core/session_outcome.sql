-- core.session_outcome: the primary outcome around each attended session, for lagged analysis (session t to assessment t + 1)
-- Grain: study, site, subject_id, session_no
-- Reads: core.session, core.primary, core.primary_in_doubt
-- Why:   next is the first record dated after the session's day; that one never lies after the first record that follows the
--        next session. Before is the last record on or before the session's day, since sites rate before they treat.
--        Where an administration of unknown value or day may lie between, the next (the last) record is not known; a baseline
--        without a day does not follow a session held after the baseline's window.
with record as (
    select study, site, subject_id, assessed_on, arg_min(aval, coalesce(visit_order, 2147483647)) as aval, min(visit_order) as visit_order,
    from core.primary
    where assessed_on is not null and aval is not null
    group by all
),
held as (
    select study, site, subject_id, session_no, started_on,
    from core.session
    where attended and started_on is not null
),
around as (
    select
        h.study,
        h.site,
        h.subject_id,
        h.session_no,
        h.started_on,
        b.assessed_on as before_on,
        b.visit_order as before_order,
        b.aval as aval_before,
        n.assessed_on as next_on,
        n.visit_order as next_order,
        n.aval as aval_next,
    from held as h
    asof left join record as b
        on h.study = b.study and h.site = b.site and h.subject_id = b.subject_id and h.started_on >= b.assessed_on
    asof left join record as n
        on h.study = n.study and h.site = n.site and h.subject_id = n.subject_id and h.started_on < n.assessed_on
),
doubted as (
    -- an undated one lies between by the order of the visits, where both are known
    select
        a.study,
        a.site,
        a.subject_id,
        a.session_no,
        bool_or(coalesce(q.assessed_on, q.latest_on) > a.started_on or coalesce(q.assessed_on, q.latest_on) is null) as is_next_in_doubt,
        bool_or(q.assessed_on is null or q.assessed_on <= a.started_on) as is_before_in_doubt,
    from around as a
    inner join core.primary_in_doubt as q on a.study = q.study and a.site = q.site and a.subject_id = q.subject_id
    where
        case
            when q.assessed_on is not null
                then coalesce(q.assessed_on < a.next_on, true) and coalesce(q.assessed_on > a.before_on, true)
            else coalesce(q.visit_order < a.next_order, true) and coalesce(q.visit_order > a.before_order, true)
        end
    group by all
)

select
    a.study,
    a.site,
    a.subject_id,
    a.session_no,
    a.before_on,
    case when q.is_before_in_doubt is not true then a.aval_before end as aval_before,
    a.next_on,
    case when q.is_next_in_doubt is not true then a.aval_next end as aval_next,
from around as a
left join doubted as q on a.study = q.study and a.site = q.site and a.subject_id = q.subject_id and a.session_no = q.session_no
