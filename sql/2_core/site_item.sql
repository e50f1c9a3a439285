-- core.site_item: whether a site's answers to an instrument look as if they were coded one too high
-- Grain: study, site, instrument
-- Reads: core.form, intake.item, intake.item_fault, ref.item
-- Why:   1-4 where 0-3 is due shows as answers of one more than the highest while the lowest is never used. Told, never shifted:
--        only the site knows. Looked at only where an answer was one too high
with beyond as (
    select x.unit, x.study, x.site, x.instrument, i.item_no, i.item_min, i.item_max, x.value_raw,
    from intake.item_fault as x
    inner join ref.item as i on x.instrument = i.instrument and x.item = i.item_code
    where x.value_fault = 'out_of_scale'
    union all
    select x.unit, x.study, x.site, x.instrument, i.item_no, i.item_min, i.item_max, x.value_raw,
    from intake.item as x
    inner join ref.item as i on x.instrument = i.instrument and x.item_no = i.item_no
    where x.value_fault = 'out_of_scale'
),
one_beyond as (
    select unit, study, site, instrument, count(*) as n_one_too_high,
    from beyond
    where try_cast(replace(value_raw, ',', '.') as double) = item_max + 1
    group by all
),
answer as (
    select f.study, f.site, f.instrument, unnest(f.item_values) as item_value, unnest(range(1, f.n_items + 1)) as item_no,
    from core.form as f
    semi join one_beyond as o on f.unit = o.unit and f.study = o.study and f.site = o.site and f.instrument = o.instrument
),
lowest as (
    select a.study, a.site, a.instrument, count(a.item_value) as n_answers, min(a.item_value - i.item_min) as lowest_above_min,
    from answer as a
    inner join ref.item as i on a.instrument = i.instrument and a.item_no = i.item_no
    group by all
)

select
    f.unit,
    f.study,
    f.site,
    null::varchar as subject_id,
    f.instrument,
    coalesce(any_value(o.n_one_too_high), 0) as n_one_too_high,
    any_value(l.n_answers) as n_answers,
    any_value(l.lowest_above_min) as lowest_above_min,
    f.instrument as record_key,
    arg_min(f.source_file, f.form_id) as source_file,
    null::bigint as source_row,
from core.form as f
left join one_beyond as o on f.unit = o.unit and f.study = o.study and f.site = o.site and f.instrument = o.instrument
left join lowest as l on f.study = l.study and f.site = l.site and f.instrument = l.instrument
group by f.unit, f.study, f.site, f.instrument
