-- core.site_total: the totals a site reports without items, parameter by parameter
-- Grain: study, site, instrument, paramcd
-- Reads: core.total_check, core.form, core.scale
-- Why:   judged by a rule: sums that never pass the highest single answer look like means
select
    t.unit,
    t.study,
    t.site,
    null::varchar as subject_id,
    s.instrument,
    t.paramcd,
    count(*) as n_totals,
    max(t.total) as highest_total,
    any_value(s.scale_max) / any_value(s.n_items) as highest_mean,
    s.instrument || '|' || t.paramcd as record_key,
    arg_min(t.source_file, t.form_id) as source_file,
    null::bigint as source_row,
from core.total_check as t
inner join core.form as f on t.form_id = f.form_id
inner join core.scale as s on f.instrument = s.instrument and t.paramcd = s.paramcd
where t.n_answered = 0 and not t.is_mean and s.n_items > 1
group by t.unit, t.study, t.site, s.instrument, t.paramcd
