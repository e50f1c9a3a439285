-- session: every planned meeting with its instants in UTC. Reads raw_sessions, subject, local_day.
create table session_typed as
with read_once as (
    select
        site_no, timezone, source_file, source_row,
        nullif(trim(subject), '') as subject_id,
        try_cast(trim(session) as integer) as session_no,
        case trim(attended) when 'yes' then true when 'no' then false end as attended,
        wall_clock(start) as start_local, wall_clock(exposure_start) as exposure_local, wall_clock("end") as end_local,
        session as session_raw, attended as attended_raw,
        start as start_raw, exposure_start as exposure_raw, "end" as end_raw,
        hash(attended, start, exposure_start, "end") as row_hash,
    from sent_sessions
)
select
    r.*, s.usubjid,
    offset_at(r.start_local, d1) as start_offset_s,
    offset_at(r.exposure_local, d2) as exposure_offset_s,
    offset_at(r.end_local, d3) as end_offset_s,
    case
        when r.subject_id is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when r.session_no is null or r.session_no not between 1 and 12 then 'session_number'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id
left join local_day as d1 on d1.timezone = r.timezone and d1.day = r.start_local::date
left join local_day as d2 on d2.timezone = r.timezone and d2.day = r.exposure_local::date
left join local_day as d3 on d3.timezone = r.timezone and d3.day = r.end_local::date;

create table session_dup as
select usubjid, session_no, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from session_typed where reason is null group by all having count(*) > 1;

create table session as
select
    t.site_no, t.timezone, t.usubjid, t.session_no, t.attended,
    utc(t.start_local, t.start_offset_s) as started_at_utc,
    utc(t.exposure_local, t.exposure_offset_s) as exposure_started_at_utc,
    case when started_at_utc is null or utc(t.end_local, t.end_offset_s) >= started_at_utc then utc(t.end_local, t.end_offset_s) end as ended_at_utc,
    t.start_local is not null and t.start_offset_s is null as start_is_nonexistent, t.attended_raw, t.start_raw, t.end_raw,
    t.exposure_raw is not null and exposure_started_at_utc is null as is_exposure_withheld,
    coalesce(t.start_local::date, try_cast(left(t.start_raw, 10) as date)) as started_on,
    utc(t.end_local, t.end_offset_s) < started_at_utc as ends_before_start,
    t.source_file, t.source_row,
from session_typed as t
left join session_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no
where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row));

insert into finding
with faults as (
    select site_no, source_file, source_row, concat_ws('|', subject_id, session_raw) as key, unnest([
        case when start_raw is not null and start_offset_s is null
            then {{'field': 'started_at', 'rule': instant_fault(start_raw, start_local), 'raw': start_raw}} end,
        case when exposure_raw is not null and exposure_offset_s is null
            then {{'field': 'exposure_started_at', 'rule': instant_fault(exposure_raw, exposure_local), 'raw': exposure_raw}} end,
        case when end_raw is not null and end_offset_s is null
            then {{'field': 'ended_at', 'rule': instant_fault(end_raw, end_local), 'raw': end_raw}} end,
        case when attended_raw is not null and attended is null
            then {{'field': 'attended', 'rule': 'unknown_code', 'raw': attended_raw}} end,
    ]) as f
    from session_typed
    where (start_raw is not null and start_offset_s is null) or (exposure_raw is not null and exposure_offset_s is null)
        or (end_raw is not null and end_offset_s is null) or (attended_raw is not null and attended is null)
)
select f.rule, 'withhold', site_no, 'session', key, f.field, f.raw, source_file, source_row from faults where f is not null
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
select 'session_ends_before_start', 'withhold', site_no, 'session', usubjid || '|' || session_no, 'ended_at', null, source_file, source_row
from session where ends_before_start
union all
select
    'session_length', 'query', site_no, 'session', usubjid || '|' || session_no, 'ended_at', null, source_file, source_row
from session where (epoch(ended_at_utc) - epoch(started_at_utc)) / 60 not between 10 and 360;
