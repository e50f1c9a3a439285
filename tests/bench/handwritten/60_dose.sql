-- dose_timing, dose_medication: when each dose was given and what else was taken. Reads sent_doses, unit, subject, session, session_suds, medication.
-- the amount, text by text: hardly any site writes many
create table dose_text as
with part as (
    select distinct dose, regexp_extract(dose, '^(?:(\d+(?:\.\d+)?) ?[xX×*] ?)?([+-]?\d+(?:\.\d+)?)(?: *([A-Za-zµμ]+)\.?)?$', ['n', 'size', 'unit']) as p
    from sent_doses where dose is not null
)
select dose, round(coalesce(try_cast(p.n as double), 1) * try_cast(p.size as double) * u.factor, 9) as mg,
    case when p.size = '' then 'unreadable' when p.unit = '' then 'unit_missing' when u.text is null then 'unit_unknown' end as fault,
from part left join unit as u on u.text = lower(p.unit) and u.quantity = 'mass';

create table dose_typed as
with read_once as (
    select
        site_no, timezone, source_file, source_row, person(subject) as subject_id, is_decimal_id(subject) as is_id_decimal,
        whole(session) as session_no, said(taken) as taken, dose as dose_text, t.mg as dose_sent, t.fault as dose_fault,
        wall_clock("at") as dosed_local, coalesce(dosed_local::date, whole_date("at")) as day_sent, too_far(day_sent) as dosed_limit,
        case when dosed_limit is null then day_sent end as dosed_on, session as session_raw, taken as taken_raw, "at" as dosed_raw,
        hash(taken, dose) as row_hash,
    from sent_doses as r left join dose_text as t using (dose)
)
select
    r.*, s.usubjid, s.weight_kg, s.age_years, s.consented_on, s.withdrawn_on, offset_at(r.dosed_local, d.d, r.timezone) as dosed_offset_s,
    case when dosed_raw is not null and dosed_offset_s is null then instant_fault(dosed_raw, dosed_local, dosed_offset_s, d.d) end as dosed_fault,
    case when taken is not false and dose_sent > 0 and dose_sent <= 1000 then dose_sent end as dose_mg,
    case
        when r.subject_id is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when r.session_no not between 1 and 12 then 'session_number'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id
left join (select timezone, day, l as d from local_day as l) as d on d.timezone = r.timezone and d.day = r.dosed_local::date;

create table dose_dup as
select usubjid, session_no, coalesce(dosed_local::varchar, dosed_raw) as moment, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from dose_typed where reason is null group by all having count(*) > 1;

-- a dose without a session number belongs to the only attended session from 8 h after it to 4 h before it
create table dose_link as
select
    d.source_file, d.source_row, count(*) as n_near, count(*) filter (s.attended and s.started_at_utc is not null) as n_certain,
    case when n_near = 1 and n_certain = 1 then min(s.session_no) end as session_no,
from (select *, utc(dosed_local, dosed_offset_s) as at_utc from dose_typed where session_no is null and reason is null and dosed_limit is null) as d
join session as s on s.usubjid = d.usubjid and s.attended is not false and case
    when s.started_at_utc is not null then s.started_at_utc between d.at_utc - interval 4 hour and d.at_utc + interval 8 hour
    when d.at_utc is not null then s.started_on between (d.dosed_local - interval 4 hour)::date and (d.dosed_local + interval 8 hour)::date
end
group by all;

create table dose_place as
select n.source_file, n.source_row, max(o.session_no) as place
from dose_typed as n join dose_typed as o on o.usubjid = n.usubjid and o.taken and o.dosed_on <= n.dosed_on and o.session_no between 1 and 12
where n.session_no is null and n.reason is null group by all;

create table dose_kept as
select
    t.* exclude (row_hash, reason, subject_id, session_no), t.subject_id, t.session_raw is not null and t.session_no is null as is_session_unreadable, coalesce(t.session_no, k.session_no) as session_no, coalesce(t.session_no, k.session_no, p.place, 0) as course_no,
    case when t.dosed_limit is null then utc(t.dosed_local, t.dosed_offset_s) end as dosed_at_utc,
    case when t.session_no is not null then 'SENT' when dosed_at_utc is null then 'NO_TIME' when coalesce(k.n_certain, 0) = 0 then 'NONE_NEAR'
        when k.n_near > 1 then 'SEVERAL_NEAR' else 'BY_TIME' end as link,
from dose_typed as t
left join dose_dup as d
    on d.usubjid = t.usubjid and d.session_no is not distinct from t.session_no and d.moment is not distinct from coalesce(t.dosed_local::varchar, t.dosed_raw)
left join dose_link as k using (source_file, source_row)
left join dose_place as p using (source_file, source_row)
where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row));

-- records that may be a dose taken without being known to be: of unknown taking, or set aside
create table loose_dose as
with loose as (
    select usubjid, session_no, dosed_on, true as is_kept, taken, source_file, source_row from dose_kept where taken is null or (taken and session_no is null)
    union all
    select q.usubjid, case when q.session_no between 1 and 12 then q.session_no end,
        q.day_sent, false, q.taken, q.source_file, q.source_row,
    from dose_typed as q
    left join dose_dup as d
        on d.usubjid = q.usubjid and d.session_no is not distinct from q.session_no and d.moment is not distinct from coalesce(q.dosed_local::varchar, q.dosed_raw)
    where q.usubjid is not null and q.taken is distinct from false and (q.reason is not null or d.is_conflict)
)
select
    l.usubjid, l.session_no, l.dosed_on, l.is_kept, not l.is_kept or l.taken is null as is_unsure, l.session_no is null and l.dosed_on is null as is_unplaced, coalesce(l.dosed_on, any_value(v.started_on) filter (v.session_no = l.session_no)) as day_on,
    list_distinct(list(v.session_no) filter (v.session_no is not null)) as session_nos,
from loose as l
left join session as v
    on v.usubjid = l.usubjid and (
        l.session_no = v.session_no or (l.session_no is null and (l.dosed_on is null or v.started_on is null))
        or ((l.session_no is null or not l.is_kept) and l.dosed_on = v.started_on)
    )
group by l.usubjid, l.session_no, l.dosed_on, l.is_kept, l.taken, l.source_file, l.source_row;

create table doubtful as
select usubjid, count(*) as n_doubtful, case when count(dosed_on) = count(*) then min(dosed_on) end as earliest_on,
    case when count(dosed_on) = count(*) then max(dosed_on) end as latest_on,
from loose_dose where is_unsure group by usubjid;

create table dose_timing as
with met as (
    select
        k.*, s.usubjid is not null as has_session, s.started_at_utc, s.exposure_started_at_utc, s.ended_at_utc, s.attended,
        s.start_is_nonexistent, s.start_fault, s.is_exposure_withheld, s.started_on as session_on, u.outcome,
        (epoch_us(s.started_at_utc) - epoch_us(k.dosed_at_utc)) / 6e7 as lag_start,
        (epoch_us(s.exposure_started_at_utc) - epoch_us(k.dosed_at_utc)) / 6e7 as lag_exposure,
        (epoch_us(k.dosed_at_utc) - epoch_us(s.ended_at_utc)) / 6e7 as lag_end,
        (epoch_us(k.dosed_at_utc) - coalesce(epoch_us(s.ended_at_utc), epoch_us(s.started_at_utc) + 5400000000)) / 6e7 as after_end,
        row_number() over (partition by k.usubjid order by k.dosed_on nulls last, k.dosed_at_utc nulls last, k.session_no, k.source_row) as dose_seq,
        row_number() over course as nth, k.dosed_on - lag(k.dosed_on) over course as days_since,
        lag(k.session_no) over course as last_session_no, lag(k.dosed_on) over course as last_on,
        case when k.session_no is not null then row_number() over (partition by k.usubjid, k.taken, k.session_no
            order by k.dosed_on nulls last, coalesce(k.dosed_at_utc, (k.dosed_on - 1)::timestamptz), k.source_row) end as nth_here,
    from dose_kept as k
    left join session as s on s.usubjid = k.usubjid and s.session_no = k.session_no
    left join session_suds as u on u.usubjid = k.usubjid and u.session_no = k.session_no
    window course as (partition by k.usubjid, k.taken order by k.course_no, k.dosed_on nulls last, coalesce(k.dosed_at_utc, (k.dosed_on - 1)::timestamptz), k.source_row)
),
in_doubt as (
    -- in quarantine the session number may be what is wrong: where there is a day, that decides
    select
        m.source_row, m.source_file,
        bool_or(coalesce(case when q.session_no <> m.last_session_no then q.session_no > m.last_session_no else q.dosed_on >= m.last_on end, true)) as of_interval,
    from met as m
    join (select usubjid, dosed_on, case when is_kept or dosed_on is null then session_no end as session_no from loose_dose where is_unsure or is_unplaced) as q using (usubjid)
    where m.taken and case when q.session_no <> m.session_no then q.session_no < m.session_no else coalesce(q.dosed_on <= m.dosed_on, true) end
    group by all
),
explained as (
    select m.*, q.source_row is not null as is_number_in_doubt, q.of_interval, case
        when not taken then null
        when dosed_at_utc is null then case when dosed_fault like '%local_time' then upper(dosed_fault) else 'NO_DOSE_TIME' end
        when not has_session then 'NO_SESSION'
        when started_at_utc is null then case when start_is_nonexistent then start_fault else 'NO_SESSION_TIME' end
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
    select usubjid, count(*) as n_taken, bool_and(coalesce(session_no is not null or dosed_on is not null, true)) as is_placed,
        case when is_placed and arg_min(dosed_on is not null, dose_no) then min(dosed_on) end as first_on,
        case when is_placed and arg_max(dosed_on is not null, dose_no) then max(dosed_on) end as last_on,
        min(dosed_on) as known_first_on, max(dosed_on) as known_last_on,
    from dose_timing where taken group by usubjid
)
select t.usubjid, t.n_taken, case when q.n_doubtful is null or q.earliest_on >= t.first_on then t.first_on end as first_on,
    case when q.n_doubtful is null or q.latest_on <= t.last_on then t.last_on end as last_on,
    t.known_first_on, t.known_last_on,
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
with faults as (
    select site_no, source_file, source_row, concat_ws('|', subject_id, session_raw, 'PRE', dosed_raw) as key, unnest([
        {{'field': 'dosed_at', 'raw': dosed_raw, 'rule': coalesce(dosed_fault, dosed_limit)}},
        {{'field': 'dose_mg', 'raw': dose_text, 'rule': case when dose_text is null then null when dose_fault is not null then dose_fault
            when taken is not false and dose_mg is null then 'dose_amount_impossible' end}},
        {{'field': 'session_no', 'raw': session_raw, 'rule': case when is_session_unreadable then 'unreadable' end}},
        {{'field': 'taken', 'raw': taken_raw, 'rule': case when taken_raw is not null and taken is null then 'unknown_code' end}},
    ]) as f
    from dose_kept where dosed_fault is not null or dosed_limit is not null or dose_mg is null or taken is null or is_session_unreadable
)
select f.rule, 'withhold', site_no, 'dose', key, f.field, f.raw, source_file, source_row from faults where f.rule is not null
union all
select 'id_decimal', 'note', site_no, 'dose', subject_id, 'subject_id', null, source_file, source_row from dose_kept where is_id_decimal
union all
select
    coalesce(t.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when t.reason is not null or d.is_conflict then 'reject' else 'drop' end, t.site_no, 'dose',
    concat_ws('|', t.subject_id, t.session_raw, 'PRE', t.dosed_raw), '', case when t.reason = 'session_number' then t.session_raw end, t.source_file, t.source_row
from dose_typed as t
left join dose_dup as d
    on d.usubjid = t.usubjid and d.session_no is not distinct from t.session_no and d.moment is not distinct from coalesce(t.dosed_local::varchar, t.dosed_raw)
where t.reason is not null or d.is_conflict or d.first_row <> t.source_row;
