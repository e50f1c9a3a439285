-- staging.item_repeat: long questionnaire items and totals that were sent more than once, or in a wide form as well
-- Grain: row_id
-- Reads: mapped.item, intake.form, ref.visit_label
-- Why:   an item that a wide form already holds is the same again, or contradicts it and is set aside. Hardly any item is there
--        twice: all others leave by the count of their hash
with keyed as (
    select
        m.row_id, m.unit, m.study, m.site, m.subject_id, m.instrument, m.item, m.item_no, m.is_total, m.counts,
        coalesce(l.visit, lower(trim(m.visit)), m.visit_raw) as visit_key,
        coalesce(m.assessed_on::varchar, m.assessed_on_raw) as date_key,
        hash(m.unit, m.study, m.site, m.subject_id, m.instrument, visit_key, date_key, m.item) as key_hash,
    from mapped.item as m
    left join ref.visit_label as l on m.study = l.study and lower(trim(m.visit)) = l.label_key
    where m.counts or (m.subject_id is not null and m.instrument is not null)
),
crowded as (
    select key_hash
    from keyed
    where subject_id is not null and instrument is not null and item is not null and (counts or coalesce(visit_key, date_key) is not null)
    group by key_hash
    having count(*) > 1
),
repeated as (
    select
        k.row_id,
        case
            when m.delivery_no < max(m.delivery_no) over of_key then case when m.counts then 'superseded' end
            when min(m.row_hash) over of_delivery <> max(m.row_hash) over of_delivery then 'conflict'
            when m.counts and m.row_id > min(m.row_id) over of_delivery then 'same'
        end as dup_kind,
    from keyed as k
    semi join crowded as c on k.key_hash = c.key_hash
    inner join mapped.item as m on k.row_id = m.row_id
    window
        of_key as (partition by k.unit, k.study, k.site, k.subject_id, k.instrument, k.visit_key, k.date_key, k.item),
        of_delivery as (
            partition by k.unit, k.study, k.site, k.subject_id, k.instrument, k.visit_key, k.date_key, k.item, m.delivery_no
        )
),
long_instrument as (
    select distinct unit, instrument
    from mapped.item
    where counts and not is_total
),
meeting as (
    -- without the values, which are long: hardly any item meets a form
    select k.row_id, k.item_no, f.row_id as form_row_id,
    from intake.form as f
    semi join long_instrument as i on f.unit = i.unit and f.instrument = i.instrument
    inner join keyed as k
        on f.unit = k.unit and f.study = k.study and f.site = k.site and f.subject_id = k.subject_id and f.instrument = k.instrument
        and f.visit_key is not distinct from k.visit_key and f.date_key is not distinct from k.date_key
        and coalesce(f.visit_key, f.date_key) is not null
    where k.counts and not k.is_total
),
in_wide as (
    select
        w.row_id,
        case when bool_and(f.item_values[w.item_no] = m.value) then 'same' else 'conflict' end as dup_kind,
    from intake.form as f
    inner join meeting as w on f.row_id = w.form_row_id
    inner join mapped.item as m on w.row_id = m.row_id
    where m.value is not null and f.item_values[w.item_no] is not null
    group by w.row_id
)

select
    coalesce(r.row_id, w.row_id) as row_id,
    coalesce(r.dup_kind, w.dup_kind) as dup_kind,
from repeated as r
full join in_wide as w on r.row_id = w.row_id
