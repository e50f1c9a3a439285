-- staging.adverse_event: adverse events as mapped, repetitions marked
-- Grain: row_id
-- Reads: mapped.adverse_event, mapped.disposition, intake.subject, ref.trial, ref.unit, ref.site, ref.mapped_field
-- Why:   a rule sees one row at a time, so what it needs from elsewhere is brought here. A start that cannot be read is
--        compared as sent: two records with different unreadable starts are not one record. Where the record has a number of
--        its own, a later delivery may have moved its start: the number tells it again
with removed as (
    select distinct unit, study, site, subject_id
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
keyed as (
    select
        row_id, unit, study, site, delivery_no, row_hash, subject_id, verbatim, record_no,
        coalesce(started_on, started_on_raw) as start_key,
    from mapped.adverse_event
    where subject_id is not null and verbatim is not null
),
repeated as (
    -- keys with several rows; newest_no: the last delivery that sends one
    select unit, study, site, subject_id, verbatim, start_key, record_no, min(row_id) as key_id, max(delivery_no) as newest_no,
    from keyed
    group by unit, study, site, subject_id, verbatim, start_key, record_no
    having count(*) > 1
),
renewed as (
    select unit, study, site, subject_id, verbatim, record_no, max(delivery_no) as newest_no,
    from keyed
    where record_no is not null
    group by unit, study, site, subject_id, verbatim, record_no
    having count(*) > 1
),
rival as (
    select k.row_id, k.delivery_no, k.row_hash, r.key_id, k.delivery_no < greatest(r.newest_no, n.newest_no) as is_superseded,
    from keyed as k
    left join repeated as r
        on k.unit = r.unit and k.study = r.study and k.site = r.site and k.subject_id = r.subject_id and k.verbatim = r.verbatim
        and k.start_key is not distinct from r.start_key and k.record_no is not distinct from r.record_no
    left join renewed as n
        on k.unit = n.unit and k.study = n.study and k.site = n.site and k.subject_id = n.subject_id and k.verbatim = n.verbatim
        and k.record_no = n.record_no
    where r.key_id is not null or n.newest_no is not null
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
    left join alike as a on r.key_id = a.key_id and r.delivery_no = a.delivery_no
)

select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw, m.subject_id_fault, m.subject_id_repair,
    m.verbatim, m.verbatim_raw, m.verbatim_fault, m.verbatim_repair,
    m.started_on, m.started_on_raw, m.started_on_fault, m.started_on_repair,
    m.severity, m.severity_raw, m.severity_fault, m.severity_repair,
    m.serious, m.serious_raw, m.serious_fault, m.serious_repair,
    m.related, m.related_raw, m.related_fault, m.related_repair,
    m.record_no, m.record_no_raw, m.record_no_fault, m.record_no_repair,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    s.consented_on,
    s.randomized_on + t.last_planned_day as last_planned_on,
    u.delivered_on,
    coalesce(p.latest_on, u.latest_on) as latest_on,
    m.unit in (select f.unit from ref.mapped_field as f where f.table_name = 'adverse_event' and f.field = 'serious') as serious_asked,
from mapped.adverse_event as m
left join ref.trial as t on m.study = t.study
left join ref.unit as u on m.unit = u.unit
left join ref.site as p on m.unit = p.unit and m.site = p.site
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
