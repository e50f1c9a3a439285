-- session: every planned meeting with its instants in UTC. Reads raw_sessions, subject, local_day.
create macro of_session(d, attended) as case when d < date '1990-01-01' then 'date_too_early' when d > today() + 1 and attended is not false then 'session_in_future' end;

create table session_typed as
with read_once as (
    select
        site_no, timezone, source_file, source_row, person(subject) as subject_id, is_decimal_id(subject) as is_id_decimal,
        whole(session) as session_no, said(attended) as attended,
        wall_clock(start) as start_local, wall_clock(exposure_start) as exposure_local, wall_clock("end") as end_local,
        coalesce(start_local::date, whole_date(start)) as start_on, coalesce(exposure_local::date, whole_date(exposure_start)) as exposure_on,
        coalesce(end_local::date, whole_date("end")) as end_on,
        session as session_raw, attended as attended_raw,
        start as start_raw, exposure_start as exposure_raw, "end" as end_raw,
        hash(attended, start, exposure_start, "end") as row_hash,
    from sent_sessions
)
select
    r.*, s.usubjid,
    offset_at(r.start_local, d1.l, r.timezone) as start_offset_s,
    offset_at(r.exposure_local, d2.l, r.timezone) as exposure_offset_s,
    offset_at(r.end_local, d3.l, r.timezone) as end_offset_s,
    case when start_raw is not null and start_offset_s is null then instant_fault(start_raw, start_local, start_offset_s, d1.l) end as start_fault,
    case when exposure_raw is not null and exposure_offset_s is null then instant_fault(exposure_raw, exposure_local, exposure_offset_s, d2.l) end as exposure_fault,
    case when end_raw is not null and end_offset_s is null then instant_fault(end_raw, end_local, end_offset_s, d3.l) end as end_fault,
    of_session(start_on, attended) as start_limit, of_session(exposure_on, attended) as exposure_limit, of_session(end_on, attended) as end_limit,
    case
        when r.subject_id is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when r.session_raw is null then 'session_no_missing'
        when r.session_no is null then 'unreadable'
        when r.session_no not between 1 and 12 then 'session_number'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id
left join (select timezone, day, l from local_day as l) as d1 on d1.timezone = r.timezone and d1.day = r.start_local::date
left join (select timezone, day, l from local_day as l) as d2 on d2.timezone = r.timezone and d2.day = r.exposure_local::date
left join (select timezone, day, l from local_day as l) as d3 on d3.timezone = r.timezone and d3.day = r.end_local::date;

create table session_dup as
select usubjid, session_no, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from session_typed where reason is null group by all having count(*) > 1;

create table session as
select
    t.site_no, t.timezone, t.usubjid, t.session_no, t.attended,
    case when t.start_limit is null then utc(t.start_local, t.start_offset_s) end as started_at_utc,
    case when t.exposure_limit is null then utc(t.exposure_local, t.exposure_offset_s) end as exposure_started_at_utc,
    case when t.end_limit is null then utc(t.end_local, t.end_offset_s) end as end_sent_utc,
    coalesce(end_sent_utc < started_at_utc, false) as ends_before_start,
    case when not ends_before_start then end_sent_utc end as ended_at_utc,
    t.start_fault in ('nonexistent_local_time', 'ambiguous_local_time') as start_is_nonexistent, upper(t.start_fault) as start_fault, t.attended_raw, t.start_raw, t.end_raw,
    t.exposure_raw is not null and exposure_started_at_utc is null and (t.exposure_local is not null or t.exposure_fault is not null) as is_exposure_withheld,
    case when t.start_limit is null then t.start_on end as started_on, case when started_at_utc is not null then t.start_local end as start_local,
    t.start_offset_s, t.end_fault is not null as is_end_faulty, t.source_file, t.source_row,
from session_typed as t
left join session_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no
where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row));

insert into finding
with faults as (
    select t.site_no, t.source_file, t.source_row, concat_ws('|', t.subject_id, t.session_raw) as key, unnest([
        {{'field': 'started_at', 'rule': coalesce(t.start_fault, t.start_limit), 'raw': t.start_raw}},
        {{'field': 'exposure_started_at', 'rule': coalesce(t.exposure_fault, t.exposure_limit), 'raw': t.exposure_raw}},
        {{'field': 'ended_at', 'rule': coalesce(t.end_fault, t.end_limit), 'raw': t.end_raw}},
        {{'field': 'attended', 'rule': case when t.attended_raw is not null and t.attended is null then 'unknown_code' end, 'raw': t.attended_raw}},
    ]) as f
    from session_typed as t
    left join session_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no
    where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row))
        and (coalesce(t.start_fault, t.exposure_fault, t.end_fault, t.start_limit, t.exposure_limit, t.end_limit) is not null
            or (t.attended_raw is not null and t.attended is null))
)
select f.rule, 'withhold', site_no, 'session', key, f.field, f.raw, source_file, source_row from faults where f.rule is not null
union all
select
    coalesce(t.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when t.reason is not null or d.is_conflict then 'reject' else 'drop' end,
    t.site_no, 'session', concat_ws('|', t.subject_id, t.session_raw), case when t.reason = 'session_number' then 'session_no' else '' end,
    case when t.reason = 'session_number' then t.session_raw end, t.source_file, t.source_row
from session_typed as t
left join session_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no
where t.reason is not null or d.is_conflict or d.first_row <> t.source_row
union all
select 'id_decimal', 'note', t.site_no, 'session', t.subject_id, 'subject_id', null, t.source_file, t.source_row
from session_typed as t join session as s using (source_file, source_row) where t.is_id_decimal
union all
select 'session_end_before_start', 'withhold', site_no, 'session', usubjid || '|' || session_no, 'ended_at', null, source_file, source_row
from session where ends_before_start
union all
select
    'session_length_odd', 'query', site_no, 'session', usubjid || '|' || session_no, 'ended_at', null, source_file, source_row
from session where (epoch(ended_at_utc) - epoch(started_at_utc)) / 60 not between 10 and 360;
