-- staging.medication: medications as mapped, repetitions marked
-- Grain: row_id
-- Reads: mapped.medication, mapped.disposition, intake.subject, ref.unit, ref.site, ref.mapped_field
-- Why:   a rule sees one row at a time, so what it needs from elsewhere is brought here. A start that cannot be read is compared as
--        sent: two records with different unreadable starts are not one record. birth_year: the earliest that the age allows
with place as (
    -- latest_on: the last site-local date on which the export can have been made
    select
        h.unit,
        h.site,
        u.delivered_on,
        ((u.delivered_on + interval 1 day - interval 1 second)::timestamptz at time zone coalesce(s.timezone, u.timezone))::date
            as latest_on,
    from (select distinct unit, site from mapped.medication) as h
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
        row_id, unit, study, site, delivery_no, row_hash, subject_id, verbatim, record_no,
        coalesce(started_on, started_on_raw) as start_key,
    from mapped.medication
    where subject_id is not null and verbatim is not null
),
rivals as (
    select
        row_id,
        case
            when delivery_no < max(delivery_no) over of_key then 'superseded'
            when min(row_hash) over of_delivery <> max(row_hash) over of_delivery then 'conflict'
            when row_id > min(row_id) over of_delivery then 'same'
        end as dup_kind,
    from keyed
    window
        of_key as (partition by unit, study, site, subject_id, verbatim, start_key, record_no),
        of_delivery as (partition by unit, study, site, subject_id, verbatim, start_key, record_no, delivery_no)
)

select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw, m.subject_id_fault, m.subject_id_repair,
    m.verbatim, m.verbatim_raw, m.verbatim_fault, m.verbatim_repair,
    m.started_on, m.started_on_raw, m.started_on_fault, m.started_on_repair,
    m.ended_on, m.ended_on_raw, m.ended_on_fault, m.ended_on_repair,
    m.ongoing, m.ongoing_raw, m.ongoing_fault, m.ongoing_repair,
    m.dose_text, m.dose_text_raw, m.dose_text_fault, m.dose_text_repair,
    m.indication, m.indication_raw, m.indication_fault, m.indication_repair,
    m.record_no, m.record_no_raw, m.record_no_fault, m.record_no_repair,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    s.consented_on,
    year(s.consented_on) - s.age_years - 1 as birth_year,
    p.delivered_on,
    p.latest_on,
    m.unit in (select f.unit from ref.mapped_field as f where f.table_name = 'medication' and f.field = 'ended_on') as end_asked,
    m.unit in (select f.unit from ref.mapped_field as f where f.table_name = 'medication' and f.field = 'ongoing') as ongoing_asked,
    m.unit in (select u.unit from ref.unit as u where u.blank_end_is_ongoing) as blank_is_ongoing,
from mapped.medication as m
left join place as p on m.unit = p.unit and m.site = p.site
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
