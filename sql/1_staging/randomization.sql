-- staging.randomization: arms as mapped, repetitions marked; empty in a blinded trial, whose list is never opened
-- Grain: row_id
-- Reads: mapped.randomization, mapped.disposition, intake.subject, ref.arm
-- Why:   a rule sees one row at a time, so what it needs from elsewhere is brought here
with removed as (
    select distinct unit, study, site, subject_id,
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
repeated as (
    -- keys with several rows; newest_no: the last delivery that sends one
    select unit, study, site, subject_id, min(row_id) as key_id, max(delivery_no) as newest_no,
    from mapped.randomization
    where subject_id is not null
    group by unit, study, site, subject_id
    having count(*) > 1
),
rival as (
    select m.row_id, m.delivery_no, m.row_hash, r.key_id, m.delivery_no < r.newest_no as is_superseded,
    from mapped.randomization as m
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
    m.arm, m.arm_raw, m.arm_fault, m.arm_repair,
    m.number, m.number_raw, m.number_fault, m.number_repair,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    m.arm in (select a.arm, from ref.arm as a where a.study = m.study) as arm_known,
from mapped.randomization as m
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
