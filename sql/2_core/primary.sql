-- core.primary: the trial's primary parameter, every record that has a value
-- Grain: study, site, subject_id, form_id
-- Reads: core.form_visit, core.score, core.baseline, ref.trial
-- Why:   lagged analyses and the pooled set need one parameter of a trial, not all
select
    v.study,
    v.site,
    v.subject_id,
    s.form_id,
    s.instrument,
    s.paramcd,
    v.visit,
    v.visit_order,
    v.assessed_on,
    v.ady,
    s.aval,
    s.pomp,
    b.form_id is not null as is_baseline,
    s.is_used,
from core.score as s
inner join core.form_visit as v on s.form_id = v.form_id
inner join ref.trial as t on v.study = t.study and s.paramcd = t.primary_paramcd
left join core.baseline as b on s.form_id = b.form_id and s.paramcd = b.paramcd
where s.aval is not null and v.is_told_apart
