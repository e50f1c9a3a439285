-- core.column_order: cells of a column that was sorted, or dragged down, without the columns beside it
-- Grain: unit, source_file, source_row, table_name, field; only rows of such a column
-- Reads: core.column_cell, ref.evidence
-- Why:   each value alone looks right. Only files whose rows stand in the order of participants are looked at: there an age, a sex, a
--        severity or a word rises with the participant's number from row to row by chance only while the rows are few (n_orders_log: the
--        orders its values can stand in), and a word or a day hardly ever repeats over many participants.
--        how: sorted, filled or filled by a day (n_alike: rows)
with beside as (
    select
        unit, study, site, subject_id, row_id, record_key, source_file, source_row, table_name, field, sent, may_rise, may_repeat, said,
        lag(sent) over of_file as sent_before,
        lag(said) over of_file as before,
        lag(subject_id) over of_file as subject_before,
    from core.column_cell
    window of_file as (partition by unit, study, site, source_file, table_name, field order by source_row, row_id)
),
whole as (
    select
        unit, study, site, source_file, table_name, field,
        bool_and(said >= before) or bool_and(said <= before) or bool_and(sent >= sent_before) or bool_and(sent <= sent_before) as is_sorted,
        count(*) as n_rows,
        count(distinct subject_id) as n_subjects,
        -- in how many orders its values can stand, as a logarithm
        lgamma(count(*) + 1) - list_sum(list_transform(map_values(histogram(said)), lambda n: lgamma(n + 1))) as n_orders_log,
    from beside
    group by unit, study, site, source_file, table_name, field
    having bool_and(subject_id >= subject_before)
),
numbered as (
    select
        b.unit, b.study, b.site, b.subject_id, b.row_id, b.record_key, b.source_file, b.source_row, b.table_name, b.field, b.said, b.may_rise,
        b.may_repeat, w.n_rows, w.is_sorted, w.n_orders_log, w.n_subjects,
        count(*) filter (b.said is distinct from b.before) over (
            partition by b.unit, b.study, b.site, b.source_file, b.table_name, b.field order by b.source_row, b.row_id
        ) as run,
    from beside as b
    inner join whole as w
        on b.unit = w.unit and b.study = w.study and b.site = w.site and b.source_file = w.source_file and b.table_name = w.table_name
        and b.field = w.field
),
dragged as (
    select
        n.unit, n.study, n.site, n.source_file, n.table_name, n.field, n.run,
        count(*) as n_alike,
        count(distinct n.subject_id) as n_alike_subjects,
        any_value(n.n_rows) as n_rows,
        any_value(n.said) as said,
    from numbered as n
    where n.may_repeat
    group by n.unit, n.study, n.site, n.source_file, n.table_name, n.field, n.run
    having count(*) > 3
),
elsewhere as (
    -- how often the word stands in the other rows of the column
    select
        d.unit, d.study, d.site, d.source_file, d.table_name, d.field, d.run, d.n_alike, d.n_alike_subjects, d.n_rows,
        (count(n.row_id) + 0.5) / (d.n_rows - d.n_alike + 1) as share,
    from dragged as d
    left join numbered as n
        on d.unit = n.unit and d.study = n.study and d.site = n.site and d.source_file = n.source_file and d.table_name = n.table_name
        and d.field = n.field and d.said = n.said and d.run <> n.run
    group by d.unit, d.study, d.site, d.source_file, d.table_name, d.field, d.run, d.n_alike, d.n_alike_subjects, d.n_rows
)

select
    n.unit, n.study, n.site, n.subject_id, n.table_name,
    split_part(n.field, ' ', 1) as field,
    case when x.run is null then 'sorted' when n.field = 'started_on by a day' then 'filled by a day' else 'filled' end as how,
    coalesce(x.n_alike, n.n_rows) as n_alike,
    n.n_orders_log, n.n_subjects, x.n_alike_subjects,
    -- how many such runs chance gives in a column as long as this
    x.n_rows * least(x.share, 1) ^ (x.n_alike - 1) as by_chance,
    n.record_key, n.source_file, n.source_row,
from numbered as n
cross join ref.evidence as e
left join elsewhere as x
    on n.unit = x.unit and n.study = x.study and n.site = x.site and n.source_file = x.source_file and n.table_name = x.table_name
    and n.field = x.field and n.run = x.run
where x.run is not null or (n.is_sorted and n.may_rise and n.n_subjects >= e.column_sorted_min_participants)
qualify
    row_number() over (partition by n.unit, n.source_file, n.source_row, n.record_key, n.table_name, n.field[:10] order by x.n_alike desc, n.field)
    = 1
