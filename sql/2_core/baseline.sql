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

select
    v.study,
    v.site,
    v.subject_id,
    s.instrument,
    s.paramcd,
    s.form_id,
    s.aval,
    s.pomp,
    v.assessed_on,
from core.score as s
inner join core.form_visit as v on s.form_id = v.form_id
left join anchored as a on v.study = a.study
inner join core.subject as u on v.study = u.study and v.site = u.site and v.subject_id = u.subject_id
where
    s.aval is not null and v.is_told_apart
    and case when coalesce(a.has_visit, false) then s.is_used and v.is_baseline_visit else v.assessed_on <= u.randomized_on end
qualify
    a.has_visit
    or row_number() over (
        partition by v.study, v.site, v.subject_id, s.paramcd order by v.assessed_on desc, v.visit_order desc, s.form_id desc
    ) = 1
