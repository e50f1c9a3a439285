-- core.form_long: administrations that were sent one item a row, or as totals only
-- Grain: form_id
-- Reads: intake.item, intake.form, ref.item
-- Why:   a total beside a wide form of the same key makes no form of its own; a total that came alone makes one without items
with instrument as (
    select instrument, count(*)::integer as n_items,
    from ref.item
    group by instrument
),
answer as (
    select
        i.unit, i.study, i.site, i.subject_id, i.instrument, i.visit_key, i.date_key,
        min(i.row_id) as first_id,
        list({'no': i.item_no, 'v': i.value, 'r': i.source_row, 'f': i.source_file} order by i.item_no) filter (not i.is_total) as cells,
        count(*) filter (not i.is_total and i.value is null and i.value_raw is not null) as n_faulty,
        bool_and(i.is_total) as is_total,
        arg_min(i.visit, i.row_id) as visit_label,
        arg_min(i.visit_raw, i.row_id) as visit_raw,
        min(i.assessed_on) as assessed_on,
        arg_min(i.assessed_on_raw, i.row_id) as assessed_on_raw,
        regexp_replace(arg_min(i.record_key, i.row_id), '[|][^|]*$', '') as record_key,
        arg_min(i.source_file, i.row_id) as source_file,
        arg_min(i.source_row, i.row_id) as source_row,
    from intake.item as i
    where i.counts
    group by all
),
wide_instrument as (
    select distinct unit, instrument
    from intake.form
),
beside_wide as (
    select distinct a.first_id,
    from answer as a
    inner join intake.form as f
        on a.unit = f.unit and a.study = f.study and a.site = f.site and a.subject_id = f.subject_id and a.instrument = f.instrument
        and a.visit_key is not distinct from f.visit_key and a.date_key is not distinct from f.date_key
    where a.is_total
),
shaped as (
    select
        a.unit, a.study, a.site, a.subject_id, a.instrument, a.visit_key, a.date_key,
        a.first_id * 2 + 1 as form_id,
        case
            when len(a.cells) = n.n_items then a.cells
            -- an item that was not sent is null
            else list_transform(range(1, n.n_items + 1), lambda i: list_filter(a.cells, lambda c: c.no = i)[1])
        end as all_cells,
        a.n_faulty, a.visit_label, a.visit_raw, a.assessed_on, a.assessed_on_raw, a.record_key, a.source_file, a.source_row,
        w.instrument is not null as may_meet,
    from answer as a
    inner join instrument as n on a.instrument = n.instrument
    left join wide_instrument as w on a.unit = w.unit and a.instrument = w.instrument
    left join beside_wide as b on a.first_id = b.first_id
    where b.first_id is null
)

select
    unit, study, site, subject_id, instrument, visit_key, date_key, form_id,
    list_transform(all_cells, lambda c: c.v) as item_values,
    list_transform(all_cells, lambda c: c.r) as item_rows,
    list_transform(all_cells, lambda c: c.f) as item_files,
    n_faulty, visit_label, visit_raw, assessed_on, assessed_on_raw, record_key, source_file, source_row, may_meet,
from shaped
