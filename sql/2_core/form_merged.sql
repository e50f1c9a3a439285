-- core.form_merged: administrations that came in several rows, laid over each other
-- Grain: form_id
-- Reads: intake.form, intake.item_fault, core.form_long
-- Why:   parts of one administration (fear in one file, avoidance in another), and wide and long rows of one. They do not
--        contradict: staging saw to it. An item keeps its own row and file where these differ
with fault as (
    select form_row_id, count(*) as n_faulty,
    from intake.item_fault
    group by form_row_id
),
meeting as (
    select distinct unit, instrument
    from core.form_long
    where may_meet
),
piece as (
    select
        f.unit, f.study, f.site, f.subject_id, f.instrument, f.visit_key, f.date_key, f.row_id * 2 as form_id, f.item_values,
        null::bigint[] as item_rows, null::varchar[] as item_files, coalesce(x.n_faulty, 0) as n_faulty, f.visit as visit_label,
        f.visit_raw, f.assessed_on, f.assessed_on_raw, f.record_key, f.source_file, f.source_row,
    from intake.form as f
    left join fault as x on f.row_id = x.form_row_id
    where f.dup_kind = 'part' or (f.unit, f.instrument) in (select (unit, instrument) from meeting)
    union all by name
    select
        unit, study, site, subject_id, instrument, visit_key, date_key, form_id, item_values, item_rows, item_files, n_faulty,
        visit_label, visit_raw, assessed_on, assessed_on_raw, record_key, source_file, source_row,
    from core.form_long
    where may_meet
),
gathered as (
    select
        p.unit, p.study, p.site, p.subject_id, p.instrument, p.visit_key, p.date_key,
        -- rows that say neither visit nor date are not known to belong together
        case when p.visit_key is null and p.date_key is null then p.form_id end as apart,
        min(p.form_id) as form_id,
        -- sorted here, not in the aggregate: that takes four times as long
        list_sort(
            list({
                'id': p.form_id, 'v': p.item_values, 'rows': p.item_rows, 'row': p.source_row, 'files': p.item_files, 'file': p.source_file
            })
        ) as parts,
        min(p.source_row) = max(p.source_row) and min(p.source_file) = max(p.source_file) and count(p.item_rows) = 0 as is_one_row,
        min(p.source_file) = max(p.source_file) and count(p.item_files) = 0 as is_one_file,
        sum(p.n_faulty) as n_faulty,
        arg_min(p.visit_label, p.form_id) as visit_label,
        arg_min(p.visit_raw, p.form_id) as visit_raw,
        min(p.assessed_on) as assessed_on,
        arg_min(p.assessed_on_raw, p.form_id) as assessed_on_raw,
        arg_min(p.record_key, p.form_id) as record_key,
        arg_min(p.source_file, p.form_id) as source_file,
        arg_min(p.source_row, p.form_id) as source_row,
    from piece as p
    group by all
),
apart as (
    select
        unit, study, site, subject_id, instrument, visit_key, date_key, form_id, is_one_row, is_one_file, n_faulty,
        visit_label, visit_raw, assessed_on, assessed_on_raw, record_key, source_file, source_row,
        list_transform(parts, lambda p: p.v) as part_values,
        list_transform(parts, lambda p: p.rows) as part_item_rows,
        list_transform(parts, lambda p: p.row) as part_row,
        list_transform(parts, lambda p: p.files) as part_item_files,
        list_transform(parts, lambda p: p.file) as part_file,
        -- for each item the number of the first part that answers it
        list_reduce(
            list_transform(part_values, lambda v, n: list_transform(v, lambda x: case when x is not null then n end)),
            lambda one, other: list_transform(one, lambda n, i: coalesce(n, other[i]))
        ) as part_no,
    from gathered
)

select
    unit, study, site, subject_id, instrument, visit_key, date_key, form_id,
    list_transform(part_no, lambda n, i: part_values[n][i]) as item_values,
    case
        when not is_one_row
            then list_transform(part_no, lambda n, i: coalesce(part_item_rows[n][i], case when n is not null then part_row[n] end))
    end as item_rows,
    case
        when not is_one_file
            then list_transform(part_no, lambda n, i: coalesce(part_item_files[n][i], case when n is not null then part_file[n] end))
    end as item_files,
    n_faulty, visit_label, visit_raw, assessed_on, assessed_on_raw, record_key, source_file, source_row,
from apart
