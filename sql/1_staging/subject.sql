-- staging.subject: participants as mapped, repetitions and removals marked
-- Grain: row_id
-- Reads: mapped.subject, mapped.disposition, ref.trial, ref.unit, ref.site, ref.arm_dose, ref.mapped_field
-- Why:   a rule sees one row at a time, so what it needs from elsewhere is brought here
with place as (
    -- latest_on: the last site-local date on which the export can have been made
    select
        h.unit,
        h.site,
        u.delivered_on,
        coalesce(s.timezone, u.timezone) as timezone,
        ((u.delivered_on + interval 1 day - interval 1 second)::timestamptz at time zone coalesce(s.timezone, u.timezone))::date
            as latest_on,
    from (select distinct unit, site from mapped.subject) as h
    inner join ref.unit as u on h.unit = u.unit
    left join ref.site as s on h.unit = s.unit and h.site = s.site
),
removed as (
    select distinct unit, study, site, subject_id,
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
repeated as (
    select unit, study, site, subject_id,
    from mapped.subject
    where subject_id is not null
    group by all
    having count(*) > 1
),
rivals as (
    select
        m.row_id,
        case
            when m.delivery_no < max(m.delivery_no) over of_key then 'superseded'
            when min(m.row_hash) over of_delivery <> max(m.row_hash) over of_delivery then 'conflict'
            when m.row_id > min(m.row_id) over of_delivery then 'same'
        end as dup_kind,
    from mapped.subject as m
    inner join repeated as r
        on m.unit = r.unit and m.study = r.study and m.site = r.site
        and m.subject_id = r.subject_id
    window
        of_key as (partition by m.unit, m.site, m.subject_id),
        of_delivery as (partition by m.unit, m.site, m.subject_id, m.delivery_no)
)

select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw, m.subject_id_fault, m.subject_id_repair,
    m.age_years, m.age_years_raw, m.age_years_fault, m.age_years_repair,
    m.sex, m.sex_raw, m.sex_fault, m.sex_repair,
    m.weight_kg, m.weight_kg_raw, m.weight_kg_fault, m.weight_kg_repair,
    m.consented_on, m.consented_on_raw, m.consented_on_fault, m.consented_on_repair,
    m.randomized_on, m.randomized_on_raw, m.randomized_on_fault, m.randomized_on_repair,
    d.dup_kind,
    x.subject_id is not null as subject_removed,
    p.delivered_on,
    p.latest_on,
    m.study in (select a.study, from ref.arm_dose as a where a.from_kg > 0 or a.below_kg is not null) as doses_by_weight,
    m.unit in (select f.unit from ref.mapped_field as f where f.table_name = 'subject' and f.field = 'weight_kg') as weight_asked,
    t.age_from_years,
    t.age_to_years,
from mapped.subject as m
left join ref.trial as t on m.study = t.study
left join place as p on m.unit = p.unit and m.site = p.site
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
