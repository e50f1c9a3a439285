-- staging.rating: fear ratings as mapped, repetitions marked, with what is known of their session
-- Grain: row_id
-- Reads: mapped.rating, mapped.disposition, intake.subject, intake.session, staging.session, ref.trial
-- Why:   a rule sees one row at a time, so what it needs from elsewhere is brought here
-- Plan:  without build_side_probe_side (it builds its hash table of the longer side)
with sent as (
    select distinct unit, study, site, subject_id, session_no
    from staging.session
    where subject_id is not null and session_no is not null
),
removed as (
    select distinct unit, study, site, subject_id,
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
repeated as (
    -- keys with several rows; newest_no: the last delivery that sends one
    select unit, study, site, subject_id, session_no, exercise_no, min(row_id) as key_id, max(delivery_no) as newest_no,
    from mapped.rating
    where subject_id is not null and session_no is not null and exercise_no is not null
    group by unit, study, site, subject_id, session_no, exercise_no
    having count(*) > 1
),
rival as (
    select m.row_id, m.delivery_no, m.row_hash, r.key_id, m.delivery_no < r.newest_no as is_superseded,
    from mapped.rating as m
    inner join repeated as r
        on m.unit = r.unit and m.study = r.study and m.site = r.site
        and m.subject_id = r.subject_id and m.session_no = r.session_no and m.exercise_no = r.exercise_no
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
    m.session_no, m.session_no_raw, m.session_no_fault, m.session_no_repair,
    m.exercise_no, m.exercise_no_raw, m.exercise_no_fault, m.exercise_no_repair,
    m.begin_suds, m.begin_suds_raw, m.begin_suds_fault, m.begin_suds_repair,
    m.peak_suds, m.peak_suds_raw, m.peak_suds_fault, m.peak_suds_repair,
    m.end_suds, m.end_suds_raw, m.end_suds_fault, m.end_suds_repair,
    m.scale, m.scale_raw, m.scale_fault, m.scale_repair,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    v.session_no is not null as session_listed,
    v.session_no is null and q.session_no is not null as session_set_aside,
    v.attended as session_attended,
    t.n_sessions,
from mapped.rating as m
left join ref.trial as t on m.study = t.study
left join intake.session as v
    on m.unit = v.unit and m.study = v.study and m.site = v.site and m.subject_id = v.subject_id and m.session_no = v.session_no
left join sent as q
    on m.unit = q.unit and m.study = q.study and m.site = q.site and m.subject_id = q.subject_id and m.session_no = q.session_no
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
