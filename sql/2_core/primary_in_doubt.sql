-- core.primary_in_doubt: administrations of the primary outcome whose value or day is not known
-- Grain: study, site, subject_id, form_id
-- Reads: core.form_visit, core.score, ref.trial
-- Why:   one of these may be the assessment that came next after a session, or last before it: a later or earlier one must not
--        stand in for it
select
    v.study,
    v.site,
    v.subject_id,
    s.form_id,
    v.visit_order,
    v.assessed_on,
from core.score as s
inner join core.form_visit as v on s.form_id = v.form_id
inner join ref.trial as t on v.study = t.study and s.paramcd = t.primary_paramcd
where v.is_told_apart and (s.aval is null or v.assessed_on is null)
