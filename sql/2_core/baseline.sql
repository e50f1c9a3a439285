-- core.baseline: the baseline value of each parameter of each participant
-- Grain: study, site, subject_id, paramcd
-- Reads: core.form_visit, core.score, core.subject, ref.visit
-- Why:   the used record of the visit the trial marks as baseline; where it marks none, the last on or before randomization.
--        Versions of an instrument share parameters: a baseline by one serves the other
with anchored as (
    select study, bool_or(baseline) as has_visit,
    from ref.visit
    group by study
)
,
early as (
    select v.form_id, v.study, v.site, v.subject_id, v.assessed_on, v.visit_order, coalesce(a.has_visit, false) as has_visit,
    from core.form_visit as v
    left join anchored as a on v.study = a.study
    inner join core.subject as u on v.study = u.study and v.site = u.site and v.subject_id = u.subject_id
    where v.is_told_apart and case when coalesce(a.has_visit, false) then v.is_baseline_visit else v.assessed_on <= u.randomized_on end
),
candidate as (
    select v.study, v.site, v.subject_id, s.instrument, s.paramcd, s.form_id, s.aval, s.pomp, v.assessed_on, v.visit_order, v.has_visit,
    from core.score as s
    inner join early as v on s.form_id = v.form_id
    where s.aval is not null and (s.is_used or not v.has_visit)
)

select study, site, subject_id, instrument, paramcd, form_id, aval, pomp, assessed_on,
from candidate
where has_visit
union all
select study, site, subject_id, instrument, paramcd, form_id, aval, pomp, assessed_on,
from candidate
where not has_visit
qualify row_number() over (partition by study, site, subject_id, paramcd order by assessed_on desc, visit_order desc, form_id desc) = 1
