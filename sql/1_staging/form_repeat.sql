-- staging.form_repeat: wide questionnaire rows that share their administration with another row, and how they stand to it
-- Grain: row_id
-- Reads: mapped.form, mapped.item_fault, ref.item, ref.visit_label
-- Why:   one administration may come in parts (fear in one file, avoidance in another): rows of a key whose values nowhere
--        contradict each other are parts of it; one contradiction, also between a value and a text that could not be read,
--        sets all of them aside. A later delivery takes the place of an earlier row only where it sends the same items again.
--        Few keys have two rows: all others leave by the count of their hash
with keyed as (
    select
        m.row_id, m.unit, m.study, m.site, m.subject_id, m.instrument,
        coalesce(l.visit, lower(trim(m.visit)), m.visit_raw) as visit_key,
        coalesce(m.assessed_on::varchar, m.assessed_on_raw) as date_key,
        hash(m.unit, m.study, m.site, m.subject_id, m.instrument, visit_key, date_key) as key_hash,
    from mapped.form as m
    left join ref.visit_label as l on m.study = l.study and lower(trim(m.visit)) = l.label_key
),
crowded as (
    select key_hash
    from keyed
    where subject_id is not null and instrument is not null and coalesce(visit_key, date_key) is not null
    group by key_hash
    having count(*) > 1
),
rival as (
    select
        k.row_id,
        min(k.row_id) over of_key as group_id,
        min(m.delivery_no) over of_key < max(m.delivery_no) over of_key as is_sent_again,
        m.delivery_no, m.row_hash, m.source_file, m.source_row, m.instrument, m.item_values,
    from keyed as k
    semi join crowded as c on k.key_hash = c.key_hash
    inner join mapped.form as m on k.row_id = m.row_id
    window of_key as (partition by k.unit, k.study, k.site, k.subject_id, k.instrument, k.visit_key, k.date_key)
),
value_cell as (
    select group_id, is_sent_again, row_id, delivery_no, unnest(range(1, len(item_values) + 1)) as item_no, unnest(item_values) as item_value,
    from rival
),
cell as (
    select group_id, is_sent_again, row_id, delivery_no, item_no, hash(item_value) as token,
    from value_cell
    where item_value is not null
    union all
    select r.group_id, r.is_sent_again, r.row_id, r.delivery_no, i.item_no, hash(f.value_raw),
    from rival as r
    inner join mapped.item_fault as f on r.row_id = f.form_row_id
    inner join ref.item as i on r.instrument = i.instrument and f.item = i.item_code
),
newest as (
    select group_id, item_no, max(delivery_no) as delivery_no,
    from cell
    where is_sent_again
    group by group_id, item_no
),
superseded as (
    select distinct c.row_id
    from cell as c
    inner join newest as n on c.group_id = n.group_id and c.item_no = n.item_no and c.delivery_no < n.delivery_no
    where c.is_sent_again
),
contradicted as (
    select distinct group_id
    from (
        select c.group_id,
        from cell as c
        anti join superseded as s on c.row_id = s.row_id
        group by c.group_id, c.item_no
        having min(c.token) <> max(c.token)
    ) as differing
),
copied as (
    -- a row that two mappings read gives two rows here: those are parts, whatever they hold
    select
        row_id, group_id,
        row_id > min(row_id) over alike
        and (arg_min(source_file, row_id) over alike, arg_min(source_row, row_id) over alike) <> (source_file, source_row) as is_copy,
    from rival
    window alike as (partition by group_id, delivery_no, row_hash)
)

select
    r.row_id,
    case
        when s.row_id is not null then 'superseded'
        when c.group_id is not null then 'conflict'
        when r.is_copy then 'same'
        when count(*) filter (s.row_id is null and not r.is_copy) over (partition by r.group_id) > 1 then 'part'
    end as dup_kind,
from copied as r
left join superseded as s on r.row_id = s.row_id
left join contradicted as c on r.group_id = c.group_id
