-- core.form_long: administrations that were sent one item a row, or as totals only
-- Grain: form_id
-- Reads: intake.item, intake.form, ref.item
-- Why:   a total beside a wide form of the same key makes no form of its own; a total that came alone makes one without items.
--        What the rows of a form share is fetched from its first row: texts carried through the grouping of millions cost memory
with instrument as (
    select instrument, count(*)::integer as n_items,
    from ref.item
    group by instrument
),
answer as (
    select
        i.unit, i.study, i.site, i.subject_id, i.instrument, i.visit_key, i.date_key,
        min(i.row_id) as first_id,
        -- sorted here, not in the aggregate: that takes four times as long
        list_sort(list({'no': i.item_no, 'v': i.value, 'r': i.source_row}) filter (not i.is_total)) as cells,
        count(*) filter (not i.is_total and i.value is null and i.value_fault is not null) as n_faulty,
        bool_and(i.is_total) as is_total,
        min(i.source_file) <> max(i.source_file) as is_scattered,
        min(i.assessed_on) as assessed_on,
    from intake.item as i
    where i.counts
    group by all
),
scattered as (
    select a.first_id, map(list(i.item_no), list(i.source_file)) as files,
    from answer as a
    inner join intake.item as i
        on a.unit = i.unit and a.study = i.study and a.site = i.site and a.subject_id = i.subject_id and a.instrument = i.instrument
        and a.visit_key is not distinct from i.visit_key and a.date_key is not distinct from i.date_key
    where a.is_scattered and i.counts and not i.is_total
    group by a.first_id
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
        a.unit, a.study, a.site, a.subject_id, a.instrument, a.visit_key, a.date_key, a.first_id, a.n_faulty, a.assessed_on,
        case
            when len(a.cells) = n.n_items then a.cells
            -- an item that was not sent is null
            else list_transform(range(1, n.n_items + 1), lambda i: list_filter(a.cells, lambda c: c.no = i)[1])
        end as all_cells,
        case when s.first_id is not null then list_transform(range(1, n.n_items + 1), lambda i: s.files[i::integer]) end as item_files,
        w.instrument is not null as may_meet,
    from answer as a
    inner join instrument as n on a.instrument = n.instrument
    left join scattered as s on a.first_id = s.first_id
    left join wide_instrument as w on a.unit = w.unit and a.instrument = w.instrument
    left join beside_wide as b on a.first_id = b.first_id
    where b.first_id is null
)

select
    s.unit, s.study, s.site, s.subject_id, s.instrument, s.visit_key, s.date_key,
    s.first_id * 2 + 1 as form_id,
    list_transform(s.all_cells, lambda c: c.v) as item_values,
    list_transform(s.all_cells, lambda c: c.r) as item_rows,
    s.item_files,
    s.n_faulty,
    i.visit as visit_label,
    i.visit_raw,
    s.assessed_on,
    i.assessed_on_raw,
    regexp_replace(i.record_key, '[|][^|]*$', '') as record_key,
    i.source_file,
    i.source_row,
    s.may_meet,
from shaped as s
inner join intake.item as i on s.first_id = i.row_id
