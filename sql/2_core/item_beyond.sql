-- core.item_beyond: answers that lie outside their range, by their administration, and whether by just one step
-- Grain: form_id, item_no
-- Reads: intake.form, intake.item, intake.item_fault, core.form, ref.item
-- Why:   1-4 where 0-3 is due shows as answers one above the highest, 0-4 where 1-5 is due as answers one below the lowest
with faulty as (
    select
        f.unit, f.study, f.site, f.subject_id, f.instrument, f.visit_key, f.date_key, f.source_file, f.source_row,
        i.item_no, i.item_min, i.item_max, x.value_raw,
    from intake.item_fault as x
    inner join intake.form as f on x.form_row_id = f.row_id
    inner join ref.item as i on x.instrument = i.instrument and x.item = i.item_code
    where x.value_fault = 'out_of_scale'
    union all
    select
        x.unit, x.study, x.site, x.subject_id, x.instrument, x.visit_key, x.date_key, x.source_file, x.source_row,
        i.item_no, i.item_min, i.item_max, x.value_raw,
    from intake.item as x
    inner join ref.item as i on x.instrument = i.instrument and x.item_no = i.item_no
    where x.value_fault = 'out_of_scale'
)

select
    f.form_id,
    x.item_no,
    any_value(f.unit) as unit,
    any_value(f.study) as study,
    any_value(f.site) as site,
    any_value(f.instrument) as instrument,
    bool_or(try_cast(replace(x.value_raw, ',', '.') as double) = x.item_max + 1) as is_one_too_high,
    bool_or(try_cast(replace(x.value_raw, ',', '.') as double) = x.item_min - 1) as is_one_too_low,
from faulty as x
inner join core.form as f
    on x.unit = f.unit and x.study = f.study and x.site = f.site and x.subject_id = f.subject_id and x.instrument = f.instrument
    and x.visit_key is not distinct from f.visit_key and x.date_key is not distinct from f.date_key
    and (coalesce(x.visit_key, x.date_key) is not null or (x.source_file = f.source_file and x.source_row = f.source_row))
group by f.form_id, x.item_no
