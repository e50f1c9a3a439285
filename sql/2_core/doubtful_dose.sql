-- core.doubtful_dose: participants with records that may be a taken dose but are not known to be
-- Grain: study, site, subject_id
-- Reads: core.dose_timing, staging.dose, intake.dose
-- Why:   a dose of unknown taking or one in quarantine may have been the first, and its amount counts: what rests on the number of
--        doses is then unknown, never a plain no. earliest_on is null when the day of one of them is unknown.
with possible as (
    select d.study, d.site, d.subject_id, d.dosed_on
    from core.dose_timing as d
    where d.taken is null
    union all
    select q.study, q.site, q.subject_id, q.dosed_at_on
    from staging.dose as q
    anti join intake.dose as k on q.row_id = k.row_id
    where q.subject_known and q.taken is distinct from false and q.dup_kind is distinct from 'superseded'
        and q.dup_kind is distinct from 'same'
)

select
    study,
    site,
    subject_id,
    count(*) as n_doubtful,
    case when count(dosed_on) = count(*) then min(dosed_on) end as earliest_on,
    case when count(dosed_on) = count(*) then max(dosed_on) end as latest_on,
from possible
group by all
