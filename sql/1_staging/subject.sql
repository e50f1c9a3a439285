-- staging.subject: participants as mapped, repetitions and removals marked
-- Grain: row_id
-- Reads: mapped.subject, mapped.disposition, ref.trial, ref.unit, ref.site, ref.arm_dose, ref.mapped_field
-- Why:   a rule sees one row at a time, so what it needs from elsewhere is brought here
with removed as (
    select distinct unit, study, site, subject_id,
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
repeated as (
    -- keys with several rows; newest_no: the last delivery that sends one
    select unit, study, site, subject_id, min(row_id) as key_id, max(delivery_no) as newest_no,
    from mapped.subject
    where subject_id is not null
    group by unit, study, site, subject_id
    having count(*) > 1
),
rival as (
    select m.row_id, m.delivery_no, m.row_hash, r.key_id, m.delivery_no < r.newest_no as is_superseded,
    from mapped.subject as m
    inner join repeated as r
        on m.unit = r.unit and m.study = r.study and m.site = r.site
        and m.subject_id = r.subject_id
),
alike as (
    -- what one delivery sends of a key: its first row, and whether the others say something else
    select key_id, delivery_no, min(row_id) as first_id, min(row_hash) <> max(row_hash) as differs,
    from rival
    group by key_id, delivery_no
),
rivals as (
    select
        r.row_id,
        case when r.is_superseded then 'superseded' when a.differs then 'conflict' when r.row_id > a.first_id then 'same' end as dup_kind,
    from rival as r
    inner join alike as a on r.key_id = a.key_id and r.delivery_no = a.delivery_no
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
    u.delivered_on,
    coalesce(p.latest_on, u.latest_on) as latest_on,
    m.study in (select a.study, from ref.arm_dose as a where a.from_kg > 0 or a.below_kg is not null) as doses_by_weight,
    m.unit in (select f.unit from ref.mapped_field as f where f.table_name = 'subject' and f.field = 'weight_kg') as weight_asked,
    t.age_from_years,
    t.age_to_years,
from mapped.subject as m
left join ref.trial as t on m.study = t.study
left join ref.unit as u on m.unit = u.unit
left join ref.site as p on m.unit = p.unit and m.site = p.site
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
