-- core.subject_baseline: whether each randomized participant has a baseline of the primary outcome
-- Grain: study, site, subject_id
-- Reads: core.subject, core.primary, ref.trial
-- Why:   judged by a rule: without a baseline neither change nor the pooled z can be computed
select
    s.unit,
    s.study,
    s.site,
    s.subject_id,
    t.primary_paramcd,
    s.randomized_on is not null as is_randomized,
    count(p.form_id) filter (p.is_baseline) > 0 as has_baseline,
    any_value(s.record_key) as record_key,
    any_value(s.source_file) as source_file,
    any_value(s.source_row) as source_row,
from core.subject as s
inner join ref.trial as t on s.study = t.study
left join core.primary as p on s.study = p.study and s.site = p.site and s.subject_id = p.subject_id
where t.primary_instrument is not null
group by s.unit, s.study, s.site, s.subject_id, t.primary_paramcd, s.randomized_on
