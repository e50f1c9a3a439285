-- core.form_total: totals as the sites report them, beside their administration
-- Grain: form_id, paramcd
-- Reads: intake.item, intake.form, core.form
-- Why:   a total read from a wide row belongs to that row: it counts only where the row was kept
with total as (
    select
        i.unit, i.study, i.site, i.subject_id, i.instrument, i.visit_key, i.date_key, i.item, i.value, i.value_raw, i.row_id,
        i.record_key, i.source_file, i.source_row,
    from intake.item as i
    where
        i.is_total and i.value is not null
        and (
            i.counts
            or exists (
                from intake.form as f
                where
                    f.source_file = i.source_file and f.source_row = i.source_row and f.subject_id = i.subject_id
                    and f.instrument = i.instrument
                    and f.visit_key is not distinct from i.visit_key and f.date_key is not distinct from i.date_key
            )
        )
)

select
    f.form_id,
    f.instrument,
    t.item as paramcd,
    arg_min(t.value, t.row_id) as reported,
    arg_min(t.value_raw, t.row_id) as reported_raw,
    arg_min(t.record_key, t.row_id) as record_key,
    arg_min(t.source_file, t.row_id) as source_file,
    arg_min(t.source_row, t.row_id) as source_row,
from total as t
inner join core.form as f
    on t.unit = f.unit and t.study = f.study and t.site = f.site and t.subject_id = f.subject_id and t.instrument = f.instrument
    and t.visit_key is not distinct from f.visit_key and t.date_key is not distinct from f.date_key
    and (coalesce(t.visit_key, t.date_key) is not null or (t.source_file = f.source_file and t.source_row = f.source_row))
group by f.form_id, f.instrument, t.item
