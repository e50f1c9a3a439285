-- rating, session_suds: fear before and after each exercise, and what each session achieved. Reads raw_suds, subject.
create table rating_typed as
with read_once as (
    select
        site_no, source_file, source_row, nullif(trim(subject), '') as subject_id,
        try_cast(trim(session) as integer) as session_no, try_cast(trim(exercise) as integer) as exercise_no,
        try_cast(trim("begin") as double) as begin_sent, try_cast(trim(peak) as double) as peak_sent,
        try_cast(trim("end") as double) as end_sent,
        session as session_raw, exercise as exercise_raw, "begin" as begin_raw, peak as peak_raw, "end" as end_raw,
        hash("begin", peak, "end") as row_hash,
    from sent_suds
)
select
    r.*, s.usubjid,
    case when begin_sent between 0 and 100 then begin_sent end as begin_suds,
    case when peak_sent between 0 and 100 then peak_sent end as peak_suds,
    case when end_sent between 0 and 100 then end_sent end as end_suds,
    case
        when r.subject_id is null or r.exercise_no is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when r.session_no is null or r.session_no not between 1 and 12 then 'session_number'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id;

create table rating_dup as
select usubjid, session_no, exercise_no, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from rating_typed where reason is null group by all having count(*) > 1;

create table rating as
select
    t.site_no, t.usubjid, t.session_no, t.exercise_no, t.begin_suds, t.peak_suds, t.end_suds, t.source_file, t.source_row,
from rating_typed as t
left join rating_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.exercise_no = t.exercise_no
where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row));

create table session_suds as
with rated as (
    select
        usubjid, session_no, count(*) as n_exercises,
        arg_min(begin_suds, exercise_no) as suds_begin_any, arg_max(end_suds, exercise_no) as suds_end_any,
        max(greatest(begin_suds, peak_suds, end_suds)) as suds_peak,
        min(exercise_no) as first_no, max(exercise_no) as last_no,
        min(exercise_no) filter (begin_suds is not null) as first_rated, max(exercise_no) filter (end_suds is not null) as last_rated,
    from rating group by all
),
ends as (
    select
        *, case when first_no = first_rated then suds_begin_any end as suds_begin,
        case when last_no = last_rated then suds_end_any end as suds_end,
    from rated
)
select
    usubjid, session_no, n_exercises, suds_begin, suds_peak, suds_end, suds_begin - suds_end as reduction,
    case when suds_begin > 0 then 100 * (suds_begin - suds_end) / suds_begin end as reduction_pct,
    suds_end <= 40 as crit1, 100 * (suds_begin - suds_end) / nullif(suds_begin, 0) >= 50 as crit2,
    case
        when suds_end <= 40 then 'GOOD'
        when suds_end > suds_begin then 'BAD'
        when suds_end is null or suds_begin is null then 'UNKNOWN'
        else 'NEUTRAL'
    end as outcome,
from ends;

insert into finding
with faults as (
    select site_no, source_file, source_row, concat_ws('|', subject_id, session_raw, exercise_raw) as key, unnest([
        case when begin_raw is not null and begin_suds is null
            then {{'field': 'begin_suds', 'rule': scale_fault(begin_sent), 'raw': begin_raw}} end,
        case when peak_raw is not null and peak_suds is null
            then {{'field': 'peak_suds', 'rule': scale_fault(peak_sent), 'raw': peak_raw}} end,
        case when end_raw is not null and end_suds is null
            then {{'field': 'end_suds', 'rule': scale_fault(end_sent), 'raw': end_raw}} end,
    ]) as f
    from rating_typed
    where (begin_raw is not null and begin_suds is null) or (peak_raw is not null and peak_suds is null)
        or (end_raw is not null and end_suds is null)
)
select f.rule, 'withhold', site_no, 'rating', key, f.field, f.raw, source_file, source_row from faults where f is not null
union all
select
    coalesce(t.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when t.reason is not null or d.is_conflict then 'reject' else 'drop' end,
    t.site_no, 'rating', concat_ws('|', t.subject_id, t.session_raw, t.exercise_raw), '',
    case when t.reason = 'session_number' then t.session_raw end, t.source_file, t.source_row
from rating_typed as t
left join rating_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.exercise_no = t.exercise_no
where t.reason is not null or d.is_conflict or d.first_row <> t.source_row
union all
select 'suds_peak_below_ends', 'query', site_no, 'rating', usubjid || '|' || session_no || '|' || exercise_no, 'peak_suds', null, source_file, source_row
from rating where peak_suds < greatest(begin_suds, end_suds)
union all
select 'suds_scale_looks_wrong', 'query', site_no, 'rating', '', 'begin_suds', null, null, null
from rating group by site_no having count(*) >= 20 and max(greatest(begin_suds, peak_suds, end_suds)) <= 10;
