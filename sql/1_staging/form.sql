-- staging.form: wide questionnaire administrations as mapped, repetitions marked
-- Grain: row_id
-- Reads: mapped.form, mapped.item_fault, mapped.disposition, intake.subject, ref.unit, ref.site, ref.item, ref.visit_label,
--        ref.trial_instrument
-- Why:   one administration may come in parts (fear in one file, avoidance in another): rows of a key whose values nowhere
--        contradict each other are parts of it; one contradiction, also between a value and a text that could not be read,
--        sets all of them aside. A later delivery takes the place of an earlier row only where it sends the same items again.
--        A visit's spellings are one visit; a date that cannot be read is compared as sent. Few keys have two rows: all others
--        leave by the count of their hash
with place as (
    -- latest_on: the last site-local date on which the export can have been made
    select
        h.unit,
        h.site,
        u.delivered_on,
        ((u.delivered_on + interval 1 day - interval 1 second)::timestamptz at time zone coalesce(s.timezone, u.timezone))::date
            as latest_on,
    from (select distinct unit, site from mapped.form) as h
    inner join ref.unit as u on h.unit = u.unit
    left join ref.site as s on h.unit = s.unit and h.site = s.site
),
removed as (
    select distinct unit, study, site, subject_id
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
keyed as (
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
        min(k.row_id) over (partition by k.unit, k.study, k.site, k.subject_id, k.instrument, k.visit_key, k.date_key) as group_id,
        m.delivery_no, m.row_hash, m.source_file, m.source_row, m.instrument, m.item_values,
    from keyed as k
    semi join crowded as c on k.key_hash = c.key_hash
    inner join mapped.form as m on k.row_id = m.row_id
),
value_cell as (
    select group_id, row_id, delivery_no, unnest(range(1, len(item_values) + 1)) as item_no, unnest(item_values) as item_value,
    from rival
),
cell as (
    select group_id, row_id, delivery_no, item_no, hash(item_value) as token,
    from value_cell
    where item_value is not null
    union all
    select r.group_id, r.row_id, r.delivery_no, i.item_no, hash(f.value_raw),
    from rival as r
    inner join mapped.item_fault as f on r.row_id = f.form_row_id
    inner join ref.item as i on r.instrument = i.instrument and f.item = i.item_code
),
newest as (
    select group_id, item_no, max(delivery_no) as delivery_no,
    from cell
    group by group_id, item_no
),
superseded as (
    select distinct c.row_id
    from cell as c
    inner join newest as n on c.group_id = n.group_id and c.item_no = n.item_no and c.delivery_no < n.delivery_no
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
),
named as (
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
)

select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw, m.subject_id_fault, m.subject_id_repair,
    m.instrument, m.instrument_raw, m.instrument_fault, m.instrument_repair,
    m.visit, m.visit_raw, m.visit_fault, m.visit_repair,
    m.assessed_on, m.assessed_on_raw, m.assessed_on_fault, m.assessed_on_repair,
    m.item_values, m.item_values_raw, m.item_values_fault, m.item_values_repair,
    coalesce(l.visit, lower(trim(m.visit)), m.visit_raw) as visit_key,
    coalesce(m.assessed_on::varchar, m.assessed_on_raw) as date_key,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    case when m.instrument is not null then t.instrument is not null end as instrument_known,
    s.consented_on,
    p.delivered_on,
    p.latest_on,
from mapped.form as m
left join ref.visit_label as l on m.study = l.study and lower(trim(m.visit)) = l.label_key
left join place as p on m.unit = p.unit and m.site = p.site
left join ref.trial_instrument as t on m.study = t.study and m.instrument = t.instrument
left join named as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
