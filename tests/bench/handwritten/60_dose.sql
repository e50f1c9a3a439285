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

create table dose_timing as
with kept as (
    select
        t.* exclude (row_hash, reason), utc(t.dosed_local, t.dosed_offset_s) as dosed_at_utc,
        coalesce(t.dosed_local::date, try_cast(left(t.dosed_raw, 10) as date)) as dosed_on,
    from dose_typed as t
    left join dose_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no and d.dosed_local = t.dosed_local
    where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row))
),
met as (
    select
        k.*, s.usubjid is not null as has_session, s.started_at_utc, s.exposure_started_at_utc, s.ended_at_utc, s.attended,
        s.ended_at_utc is null and s.started_at_utc is not null as is_end_imputed, u.outcome,
        (epoch_us(s.started_at_utc) - epoch_us(k.dosed_at_utc)) / 6e7 as lag_start,
        (epoch_us(s.exposure_started_at_utc) - epoch_us(k.dosed_at_utc)) / 6e7 as lag_exposure,
        (epoch_us(k.dosed_at_utc) - epoch_us(s.ended_at_utc)) / 6e7 as lag_end,
        (epoch_us(k.dosed_at_utc) - coalesce(epoch_us(s.ended_at_utc), epoch_us(s.started_at_utc) + 5400000000)) / 6e7 as after_end,
        row_number() over (partition by k.usubjid order by k.dosed_at_utc, k.session_no, k.source_row) as dose_seq,
        row_number() over (partition by k.usubjid, k.taken order by k.session_no, k.dosed_on, k.source_row) as nth,
        k.dosed_on - lag(k.dosed_on) over (partition by k.usubjid, k.taken order by k.session_no, k.dosed_on, k.source_row) as days_since,
        count(*) filter (k.taken) over (partition by k.usubjid, k.session_no) as n_taken_here,
    from kept as k
    left join session as s on s.usubjid = k.usubjid and s.session_no = k.session_no
    left join session_suds as u on u.usubjid = k.usubjid and u.session_no = k.session_no
),
explained as (
    select *, case
        when not taken then null
        when dosed_at_utc is null then case when dosed_local is not null then 'NONEXISTENT_LOCAL_TIME' else 'NO_DOSE_TIME' end
        when not has_session then 'NO_SESSION'
        when started_at_utc is null then 'NO_SESSION_TIME'
        when abs(lag_start) > 720 then 'IMPLAUSIBLE_LAG'
    end as timing_reason,
    from met
)
select
    *, session_no between 3 and 7 as is_planned, case when taken then nth end as dose_no, case when taken then days_since end as interval_days,
    case
        when taken is null or not taken then null
        when timing_reason is not null then 'UNKNOWN'
        when lag_start >= 240 then 'PRE_GE4H'
        when lag_start > 120 then 'PRE_2_4H'
        when lag_start >= 60 then 'PRE_1_2H'
        when lag_start > 0 then 'PRE_LT1H'
        when after_end < 0 then 'DURING'
        when after_end <= 30 then 'POST_IMM'
        else 'POST_LATE'
    end as timing,
    case when timing_reason is null and taken then lag_start between 60 and 120 end as in_window,
from explained;

create table dose_medication as
select
    d.usubjid, d.dose_seq,
    ynu(bool_or(m.is_antidepressant and surely), bool_or((m.is_antidepressant or not m.is_coded) and maybe)) as ad_fl,
    ynu(bool_or(m.is_ssri and surely), bool_or((m.is_ssri or not m.is_coded) and maybe)) as ssri_fl,
    ynu(bool_or(m.is_benzodiazepine and surely), bool_or((m.is_benzodiazepine or not m.is_coded) and maybe)) as bzd_fl,
    ynu(bool_or(m.is_psychotropic and surely), bool_or((m.is_psychotropic or not m.is_coded) and maybe)) as psy_fl,
    ynu(bool_or(m.is_interacting and surely), bool_or((m.is_interacting or not m.is_coded) and maybe)) as int_fl,
from (
    select
        d.usubjid, d.dose_seq, m, d.dosed_on is not null and m.start_latest <= d.dosed_on and m.end_earliest >= d.dosed_on as surely,
        d.dosed_on is null or (m.start_earliest <= d.dosed_on and m.end_latest >= d.dosed_on) as maybe,
    from dose_timing as d join medication as m using (usubjid)
) as d
group by all;

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
        case when not in_window then 'timing_out_of_window' end, case when dose_mg <> 50 then 'dose_amount' end,
        case when not is_planned then 'dose_unplanned' end, case when n_taken_here > 1 then 'dose_extra' end,
        case when dosed_on < consented_on then 'dose_before_consent' end, case when dosed_on > withdrawn_on then 'dose_after_withdrawal' end
    ], x -> x is not null)),
    'query', site_no, 'dose', concat_ws('|', usubjid, session_no, 'PRE', dosed_raw), '', null, source_file, source_row
from dose_timing where taken;
