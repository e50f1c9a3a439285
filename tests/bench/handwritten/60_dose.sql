-- dose_timing, dose_medication: when each dose was given and what else was taken. Reads sent_doses, subject, session, session_suds, medication.
create table dose_typed as
with read_once as (
    select
        site_no, timezone, source_file, source_row, nullif(trim(subject), '') as subject_id,
        try_cast(trim(session) as integer) as session_no, case trim(taken) when 'yes' then true when 'no' then false end as taken,
        trim(dose) as dose_text, try_cast(regexp_extract(trim(dose), '^([0-9.]+) ?(mg|g)$', 1) as double)
            * case when dose like '%mg' then 1 else 1000 end as dose_sent,
        wall_clock("at") as dosed_local, session as session_raw, taken as taken_raw, "at" as dosed_raw,
        hash(taken, dose) as row_hash,
    from sent_doses
)
select
    r.*, s.usubjid, s.weight_kg, s.age_years, s.consented_on, s.withdrawn_on, offset_at(r.dosed_local, d.d) as dosed_offset_s,
    case when dose_sent between 0.000001 and 1000 then dose_sent end as dose_mg,
    case
        when r.subject_id is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when r.session_no is null or r.session_no not between 1 and 12 then 'session_number'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id
left join (select timezone, day, l as d from local_day as l) as d on d.timezone = r.timezone and d.day = r.dosed_local::date;

create table dose_dup as
select usubjid, session_no, dosed_local, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from dose_typed where reason is null and dosed_local is not null group by all having count(*) > 1;

create table dose_kept as
select
    t.* exclude (row_hash, reason, subject_id), t.subject_id, utc(t.dosed_local, t.dosed_offset_s) as dosed_at_utc,
    coalesce(t.dosed_local::date, try_cast(left(t.dosed_raw, 10) as date)) as dosed_on,
from dose_typed as t
left join dose_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.dosed_local = t.dosed_local
where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row));

-- records that may be a dose taken without being known to be: of unknown taking, or set aside
create table loose_dose as
with loose as (
    select usubjid, session_no, dosed_on, true as is_kept, source_file, source_row from dose_kept where taken is null
    union all
    select q.usubjid, case when q.session_no between 1 and 12 then q.session_no end,
        coalesce(q.dosed_local::date, try_cast(left(q.dosed_raw, 10) as date)), false, q.source_file, q.source_row,
    from dose_typed as q
    left join dose_dup as d on d.usubjid = q.usubjid and d.session_no = q.session_no and d.dosed_local = q.dosed_local
    where q.usubjid is not null and q.taken is distinct from false and (q.reason is not null or d.is_conflict)
)
select
    l.usubjid, l.session_no, l.dosed_on, l.is_kept, coalesce(l.dosed_on, any_value(v.started_on) filter (v.session_no = l.session_no)) as day_on,
    list_distinct(list(v.session_no) filter (v.session_no is not null)) as session_nos,
from loose as l
left join session as v
    on v.usubjid = l.usubjid and (
        l.session_no = v.session_no or (l.session_no is null and (l.dosed_on is null or v.started_on is null))
        or ((l.session_no is null or not l.is_kept) and l.dosed_on = v.started_on)
    )
group by l.usubjid, l.session_no, l.dosed_on, l.is_kept, l.source_file, l.source_row;

create table doubtful as
select usubjid, count(*) as n_doubtful, case when count(dosed_on) = count(*) then min(dosed_on) end as earliest_on,
    case when count(dosed_on) = count(*) then max(dosed_on) end as latest_on,
from loose_dose group by usubjid;

create table dose_timing as
with met as (
    select
        k.*, s.usubjid is not null as has_session, s.started_at_utc, s.exposure_started_at_utc, s.ended_at_utc, s.attended,
        s.start_is_nonexistent, s.is_exposure_withheld, s.started_on as session_on, u.outcome,
        (epoch_us(s.started_at_utc) - epoch_us(k.dosed_at_utc)) / 6e7 as lag_start,
        (epoch_us(s.exposure_started_at_utc) - epoch_us(k.dosed_at_utc)) / 6e7 as lag_exposure,
        (epoch_us(k.dosed_at_utc) - epoch_us(s.ended_at_utc)) / 6e7 as lag_end,
        (epoch_us(k.dosed_at_utc) - coalesce(epoch_us(s.ended_at_utc), epoch_us(s.started_at_utc) + 5400000000)) / 6e7 as after_end,
        row_number() over (partition by k.usubjid order by k.dosed_on nulls last, k.dosed_at_utc nulls last, k.session_no, k.source_row) as dose_seq,
        row_number() over course as nth, k.dosed_on - lag(k.dosed_on) over course as days_since,
        lag(k.session_no) over course as last_session_no, lag(k.dosed_on) over course as last_on,
        row_number() over (partition by k.usubjid, k.taken, k.session_no order by k.dosed_on nulls last, k.dosed_at_utc, k.source_row) as nth_here,
    from dose_kept as k
    left join session as s on s.usubjid = k.usubjid and s.session_no = k.session_no
    left join session_suds as u on u.usubjid = k.usubjid and u.session_no = k.session_no
    window course as (partition by k.usubjid, k.taken order by k.session_no, k.dosed_on nulls last, k.dosed_at_utc, k.source_row)
),
in_doubt as (
    -- in quarantine the session number may be what is wrong: where there is a day, that decides
    select
        m.source_row, m.source_file,
        bool_or(coalesce(case when q.session_no <> m.last_session_no then q.session_no > m.last_session_no else q.dosed_on >= m.last_on end, true)) as of_interval,
    from met as m
    join (select usubjid, dosed_on, case when is_kept or dosed_on is null then session_no end as session_no from loose_dose) as q using (usubjid)
    where m.taken and case when q.session_no <> m.session_no then q.session_no < m.session_no else coalesce(q.dosed_on <= m.dosed_on, true) end
    group by all
),
explained as (
    select m.*, q.source_row is not null as is_number_in_doubt, q.of_interval, case
        when not taken then null
        when dosed_at_utc is null then case when dosed_local is not null then 'NONEXISTENT_LOCAL_TIME' else 'NO_DOSE_TIME' end
        when not has_session then 'NO_SESSION'
        when started_at_utc is null then case when start_is_nonexistent then 'NONEXISTENT_LOCAL_TIME' else 'NO_SESSION_TIME' end
        when abs(lag_start) > 720 then 'IMPLAUSIBLE_LAG'
    end as timing_reason,
    from met as m left join in_doubt as q using (source_file, source_row)
)
select
    *, session_no between 3 and 7 as is_planned, case when taken then nth end as dose_no,
    case when taken and of_interval is not true then days_since end as interval_days,
    case
        when not taken then null
        when timing_reason is not null then 'UNKNOWN'
        when lag_start >= 240 then 'PRE_GE4H'
        when lag_start > 120 then 'PRE_2_4H'
        when lag_start >= 60 then 'PRE_1_2H'
        when lag_start > 0 then 'PRE_LT1H'
        when after_end < 0 then 'DURING'
        when after_end <= 30 then 'POST_IMM'
        else 'POST_LATE'
    end as timing,
    case when timing_reason is null and coalesce(taken, true) then lag_start between 60 and 120 end as in_window,
    timing <> 'UNKNOWN' and lag_start <= 0 and ended_at_utc is null as is_end_imputed,
    case when timing = 'UNKNOWN' then null when is_exposure_withheld then case when lag_start > 60 then true end
        when timing is not null then coalesce(lag_exposure, lag_start) > 60 end as is_over60,
from explained;

-- doses as they follow each other, and the days of the first and the last where nothing in doubt may lie before or behind
create table treatment as
with taken as (
    select usubjid, count(*) as n_taken, case when arg_min(dosed_on is not null, dose_no) then min(dosed_on) end as first_on,
        case when arg_max(dosed_on is not null, dose_no) then max(dosed_on) end as last_on,
    from dose_timing where taken group by usubjid
)
select t.usubjid, t.n_taken, case when q.n_doubtful is null or q.earliest_on >= t.first_on then t.first_on end as first_on,
    case when q.n_doubtful is null or q.latest_on <= t.last_on then t.last_on end as last_on,
from taken as t left join doubtful as q using (usubjid);

create table dose_medication as
with met as (
    select d.usubjid, d.dose_seq, m.*, coalesce(m.start_latest <= d.dosed_on and m.end_earliest >= d.dosed_on, false) as surely,
    from dose_timing as d join relevant_medication as m using (usubjid)
    where not coalesce(m.start_earliest > d.dosed_on, false) and not coalesce(m.end_latest < d.dosed_on, false)
)
select
    usubjid, dose_seq,
    ynu(bool_or(is_antidepressant and surely), bool_or(is_antidepressant or is_unknown)) as ad_fl,
    ynu(bool_or(is_ssri and surely), bool_or(is_ssri or is_unknown)) as ssri_fl,
    ynu(bool_or(is_benzodiazepine and surely), bool_or(is_benzodiazepine or is_unknown)) as bzd_fl,
    ynu(bool_or(is_psychotropic and surely), bool_or(is_psychotropic or is_unknown)) as psy_fl,
    ynu(bool_or(is_interacting and surely), bool_or(is_interacting or is_unknown)) as int_fl,
from met group by all;

insert into finding
select instant_fault(dosed_raw, dosed_local), 'withhold', site_no, 'dose', concat_ws('|', subject_id, session_raw, 'PRE', dosed_raw), 'dosed_at', dosed_raw, source_file, source_row
from dose_typed where dosed_raw is not null and dosed_offset_s is null
union all
select
    case when regexp_full_match(dose_text, '[0-9.]+') then 'unit_missing' when dose_sent is null then 'unreadable' else 'out_of_range' end,
    'withhold', site_no, 'dose', concat_ws('|', subject_id, session_raw, 'PRE', dosed_raw), 'dose_mg', dose_text, source_file, source_row
from dose_typed where dose_text is not null and dose_mg is null
union all
select 'unknown_code', 'withhold', site_no, 'dose', concat_ws('|', subject_id, session_raw, 'PRE', dosed_raw), 'taken', taken_raw, source_file, source_row
from dose_typed where taken_raw is not null and taken is null
union all
select
    coalesce(t.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when t.reason is not null or d.is_conflict then 'reject' else 'drop' end, t.site_no, 'dose',
    concat_ws('|', t.subject_id, t.session_raw, 'PRE', t.dosed_raw), '', case when t.reason = 'session_number' then t.session_raw end, t.source_file, t.source_row
from dose_typed as t
left join dose_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.dosed_local = t.dosed_local
where t.reason is not null or d.is_conflict or d.first_row <> t.source_row
union all
select unnest(list_filter([
        case when not has_session then 'dose_without_session' end, case when timing_reason = 'IMPLAUSIBLE_LAG' then 'implausible_lag' end,
        case when dose_mg <> 50 then 'dose_amount' end,
        case when not is_planned then 'dose_unplanned' end, case when nth_here > 1 then 'dose_extra' end,
        case when dosed_on < consented_on then 'dose_before_consent' end, case when dosed_on > withdrawn_on then 'dose_after_withdrawal' end
    ], x -> x is not null)),
    'query', site_no, 'dose', concat_ws('|', usubjid, session_no, 'PRE', dosed_raw), '', null, source_file, source_row
from dose_timing where taken;
