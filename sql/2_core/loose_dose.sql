-- core.loose_dose: records that may be a dose taken at a session without being known to be
-- Grain: study, site, subject_id, row_id
-- Reads: core.dose, core.session, staging.dose, intake.dose
-- Why:   a dose of unknown taking, one without session or time point, or one in quarantine. A session number that the protocol does
--        not have says nothing; and in quarantine the number may be the very thing that is wrong, so that a record of the day of
--        another session may be that session's. Repetitions say nothing new. day_on: the record's own day, else its session's
with loose as (
    select d.study, d.site, d.subject_id, d.row_id, d.session_no, d.time_point, d.dosed_on, d.taken, true as is_kept
    from core.dose as d
    where d.taken is null or (d.taken and (d.session_no is null or d.time_point is null))
    union all
    select
        q.study, q.site, q.subject_id, q.row_id, case when q.session_no between 1 and q.n_sessions then q.session_no end,
        q.time_point, q.dosed_at_on, q.taken, false,
    from staging.dose as q
    anti join intake.dose as k on q.row_id = k.row_id
    where q.subject_known and q.taken is distinct from false and q.dup_kind is distinct from 'superseded'
        and q.dup_kind is distinct from 'same'
)

select
    l.study,
    l.site,
    l.subject_id,
    l.row_id,
    l.session_no,
    l.time_point,
    l.dosed_on,
    l.taken,
    l.is_kept,
    coalesce(l.dosed_on, any_value(v.started_on) filter (v.session_no = l.session_no)) as day_on,
    -- every session it may belong to
    list_sort(list(distinct v.session_no) filter (
        v.session_no is not null
        and (
            l.session_no = v.session_no
            or (l.session_no is null and (l.dosed_on is null or v.started_on is null))
            or ((l.session_no is null or not l.is_kept) and l.dosed_on = v.started_on)
        )
    )) as session_nos,
from loose as l
left join core.session as v on l.study = v.study and l.site = v.site and l.subject_id = v.subject_id
group by l.study, l.site, l.subject_id, l.row_id, l.session_no, l.time_point, l.dosed_on, l.taken, l.is_kept
