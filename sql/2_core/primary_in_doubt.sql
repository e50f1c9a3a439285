-- core.primary_in_doubt: administrations of the primary outcome whose value or day is not known
-- Grain: study, site, subject_id, form_id
-- Reads: core.form_visit, core.score, core.subject, ref.trial, ref.visit
-- Why:   one of these may be the assessment that came next after a session, or last before it: a later or earlier one must not
--        stand in for it. latest_on: the last day of the baseline's window, of a baseline without a day
select
    v.study,
    v.site,
    v.subject_id,
    s.form_id,
    v.visit_order,
    v.assessed_on,
    case
        when v.assessed_on is null and v.is_baseline_visit and w.anchor = 'randomization'
            then u.randomized_on + v.window_to - (v.window_to > 0)::integer
    end as latest_on,
from core.score as s
inner join core.form_visit as v on s.form_id = v.form_id
inner join core.subject as u on v.study = u.study and v.site = u.site and v.subject_id = u.subject_id
inner join ref.trial as t on v.study = t.study and s.paramcd = t.primary_paramcd
left join ref.visit as w on v.study = w.study and v.visit = w.visit
where v.is_told_apart and (s.aval is null or v.assessed_on is null)
