-- core.form: one row per administration of an instrument, however its items came
-- Grain: form_id
-- Reads: intake.form, intake.item_fault, core.form_long, core.form_merged, ref.item
-- Why:   nearly all wide rows are whole and pass as they are
with instrument as (
    select instrument, count(*)::integer as n_items,
    from ref.item
    group by instrument
),
fault as (
    select form_row_id, count(*) as n_faulty,
    from intake.item_fault
    group by form_row_id
),
meeting as (
    select distinct unit, instrument
    from core.form_long
    where may_meet
),
whole as (
    select
        f.unit, f.study, f.site, f.subject_id, f.row_id * 2 as form_id, f.instrument, f.visit as visit_label, f.assessed_on,
        f.item_values, null::bigint[] as item_rows, null::varchar[] as item_files, coalesce(x.n_faulty, 0) as n_faulty,
        f.visit_key, f.date_key, f.record_key, f.source_file, f.source_row, f.visit_raw, f.assessed_on_raw,
    from intake.form as f
    left join fault as x on f.row_id = x.form_row_id
    left join meeting as m on f.unit = m.unit and f.instrument = m.instrument
    where f.dup_kind is distinct from 'part' and m.unit is null
    union all
    select
        unit, study, site, subject_id, form_id, instrument, visit_label, assessed_on, item_values, item_rows, item_files, n_faulty,
        visit_key, date_key, record_key, source_file, source_row, visit_raw, assessed_on_raw,
    from core.form_long
    where not may_meet
    union all
    select
        unit, study, site, subject_id, form_id, instrument, visit_label, assessed_on, item_values, item_rows, item_files, n_faulty,
        visit_key, date_key, record_key, source_file, source_row, visit_raw, assessed_on_raw,
    from core.form_merged
)

select
    w.unit, w.study, w.site, w.subject_id, w.form_id, w.instrument, w.visit_label, w.assessed_on, w.item_values, w.item_rows,
    w.item_files,
    list_count(w.item_values)::integer as n_answered,
    list_min(w.item_values) as lowest_answer,
    list_max(w.item_values) as highest_answer,
    w.n_faulty::integer as n_faulty,
    n.n_items,
    w.visit_key,
    w.date_key,
    w.record_key,
    w.source_file,
    w.source_row,
    w.visit_raw,
    w.assessed_on_raw,
from whole as w
inner join instrument as n on w.instrument = n.instrument
