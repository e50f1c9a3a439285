-- rating, session_suds: fear before and after each exercise, and what each session achieved. Reads raw_suds, subject.
create table rating_typed as
with read_once as (
    select
        site_no, source_file, source_row, person(subject) as subject_id, is_decimal_id(subject) as is_id_decimal,
        whole(session) as session_no, whole(exercise) as exercise_no,
        number("begin") as begin_sent, number(peak) as peak_sent, number("end") as end_sent,
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
        when r.subject_id is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when r.session_raw is null then 'session_no_missing'
        when r.exercise_raw is null then 'exercise_no_missing'
        when r.session_no is null or r.exercise_no is null then 'unreadable'
        when r.session_no not between 1 and 12 then 'session_number'
        when r.exercise_no < 1 then 'exercise_no_not_positive'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id;

create table rating_dup as
select usubjid, session_no, exercise_no, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from rating_typed where reason is null group by all having count(*) > 1;

create table rating as
select
    t.site_no, t.usubjid, t.session_no, t.exercise_no, t.begin_suds, t.peak_suds, t.end_suds,
    (t.begin_raw is not null and t.begin_suds is null) or (t.peak_raw is not null and t.peak_suds is null) or (t.end_raw is not null and t.end_suds is null)
        as is_part_withheld,
    t.begin_raw is null as no_begin, t.peak_raw is null as no_peak, t.end_raw is null as no_end,
    t.source_file, t.source_row,
from rating_typed as t
left join rating_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.exercise_no = t.exercise_no
where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row));

-- an exercise that was set aside may have been the first, the last or the worst of its session
create table session_exercise as
with numbered as (
    select usubjid, session_no, exercise_no, row_number() over (partition by usubjid, session_no order by exercise_no, source_row) as place,
        count(*) over (partition by usubjid, session_no) as n
    from rating
),
course as (
    select usubjid, session_no, any_value(n) as n, min(exercise_no) = 1 as has_first,
        coalesce(bool_and(exercise_no = place) filter (place < n), true) as has_all_but_last, list(exercise_no) as numbers,
        bool_and(exercise_no = place) as is_numbered,
    from numbered group by all
),
set_aside as (
    select t.usubjid, t.session_no, t.exercise_no, coalesce(t.session_no between 1 and 12, false) as is_session_known
    from rating_typed as t
    left join rating_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.exercise_no = t.exercise_no
    where t.usubjid is not null and (t.reason is not null or d.is_conflict)
),
doubted as (
    select c.usubjid, c.session_no, bool_or(q.is_session_known and (q.exercise_no > 1) is not true) is true as is_first
    from course as c join set_aside as q using (usubjid)
    where (q.is_session_known and q.session_no = c.session_no)
        or (not q.is_session_known and q.exercise_no <= c.n + 1 and not list_contains(c.numbers, q.exercise_no))
    group by all
)
select c.usubjid, c.session_no, c.is_numbered, c.has_first and d.is_first is not true as is_begin_told,
    c.has_all_but_last and d.usubjid is null as is_end_told, d.usubjid is null as is_peak_told,
from course as c left join doubted as d using (usubjid, session_no);

create table session_suds as
with course as (
    select
        usubjid, session_no, count(*) as n_exercises, bool_or(is_part_withheld) as is_part_withheld,
        arg_min_null(begin_suds, exercise_no) as suds_begin, arg_max_null(end_suds, exercise_no) as suds_end,
        case when not bool_or(is_part_withheld) then max(greatest(begin_suds, peak_suds, end_suds)) end as suds_peak,
    from rating where is_part_withheld or coalesce(begin_suds, peak_suds, end_suds) is not null group by all
),
certain as (
    select c.usubjid, c.session_no, case when n.is_peak_told then c.n_exercises end as n_exercises,
        c.is_part_withheld or not (n.is_begin_told and n.is_end_told) as is_in_doubt,
        case when n.is_begin_told then c.suds_begin end as suds_begin, case when n.is_peak_told then c.suds_peak end as suds_peak,
        case when n.is_end_told then c.suds_end end as suds_end,
    from course as c join session_exercise as n using (usubjid, session_no)
    union all
    select distinct t.usubjid, t.session_no, null::bigint, true, null::double, null::double, null::double
    from rating_typed as t
    left join rating_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.exercise_no = t.exercise_no
    left join course as c on c.usubjid = t.usubjid and c.session_no = t.session_no
    where t.usubjid is not null and t.session_no between 1 and 12 and c.usubjid is null and (t.reason is not null or d.is_conflict)
)
select
    *, suds_begin - suds_end as reduction, case when suds_begin > 0 then 100 * (suds_begin - suds_end) / suds_begin end as reduction_pct,
    suds_end <= 40 as crit1, round(100 * (suds_begin - suds_end) / nullif(suds_begin, 0), 9) >= 50 as crit2,
    case
        when suds_end <= 40 then 'GOOD'
        when suds_end > suds_begin then 'BAD'
        when suds_end > 40 and suds_begin is not null then 'NEUTRAL'
        else 'UNKNOWN'
    end as outcome,
from certain;

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
    from rating_typed join (select source_file, source_row from rating where is_part_withheld) using (source_file, source_row)
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
select 'id_decimal', 'note', t.site_no, 'rating', t.subject_id, 'subject_id', null, t.source_file, t.source_row
from rating_typed as t join rating as r using (source_file, source_row) where t.is_id_decimal;
