-- Sessions: queries that change nothing, and what a course leaves out. Reads every table before.
insert into finding
with held as (
    select v.usubjid, v.site_no, v.session_no, v.started_on, v.started_on < lag(v.started_on) over course as is_earlier,
        v.started_on - lag(v.started_on) over course as days_apart, coalesce(days_apart, v.started_on - s.randomized_on) as days_since,
        days_apart / (v.session_no - lag(v.session_no) over course) as days_a_number,
        count(*) over (partition by v.usubjid, v.started_on) as n_on_day,
        count(*) over (partition by v.site_no) >= 80
            and 100 * count(*) over (partition by v.site_no, isodow(v.started_on)) <= greatest(count(*) over (partition by v.site_no), 100) as is_rest,
    from session as v join subject as s using (usubjid) where v.attended and v.started_on is not null
    window course as (partition by v.usubjid order by v.session_no)
),
broken as (select distinct usubjid from held where is_earlier),
out_of_order as (
    select h.usubjid, h.session_no,
        count(*) filter ((h.session_no < o.session_no and h.started_on > o.started_on) or (h.session_no > o.session_no and h.started_on < o.started_on)) as n_against,
    from held as h join broken using (usubjid) join held as o using (usubjid) group by h.usubjid, h.session_no
    qualify n_against = max(n_against) over (partition by h.usubjid)
),
site as (select site_no, median(days_since) as usual_days from held group by site_no),
person_day as (
    select site_no, usubjid, min(hour(start_local) + minute(start_local) / 60) as a, max(hour(start_local) + minute(start_local) / 60) as z
    from session where attended and started_at_utc is not null group by all
),
site_day as (
    select p.site_no, p.usubjid, count(*) + 1 as n_people, min(o.a) as others_a, max(o.z) as others_z
    from person_day as p join person_day as o on o.site_no = p.site_no and o.usubjid <> p.usubjid group by all
),
asked as (
    select v.*, p.n_people, p.others_a, p.others_z, s.consented_on, s.withdrawn_on, h.days_since, h.days_a_number, h.n_on_day, h.is_rest, o.usubjid is not null as is_out_of_order, h.usubjid is not null as is_held,
        b.usubjid is not null as is_broken, w.usual_days, count(v.ended_at_utc) over (partition by v.site_no) > 0 as site_sends_ends,
        (epoch(v.ended_at_utc) - epoch(v.started_at_utc)) / 60 as minutes,
    from session as v join subject as s using (usubjid)
    left join held as h using (usubjid, session_no) left join out_of_order as o using (usubjid, session_no) left join broken as b using (usubjid)
    left join site as w on w.site_no = v.site_no left join site_day as p on p.usubjid = v.usubjid
)
select told([
        case when attended and started_at_utc is not null and n_people >= 10 and hour(start_local) not between 1 and 5
            and hour(start_local) + minute(start_local) / 60 not between others_a - 3 + 1e-9 and others_z + 3 - 1e-9 then 'session_hour_unlike_site' end,
        case when attended is null and attended_raw is null then 'attended_missing' end,
        case when attended and started_at_utc is null and (start_raw is null or length(start_raw) = 10 and started_on is not null) then 'session_start_missing' end,
        case when attended and started_on < consented_on then 'session_before_consent' end,
        case when attended and started_on > withdrawn_on then 'session_after_withdrawal' end,
        case when is_held and site_sends_ends and end_sent_utc is null and (end_raw is null or (length(end_raw) = 10 and not is_end_faulty)) then 'session_end_missing' end,
        case when is_out_of_order then 'session_out_of_order' end,
        case when not is_broken and days_since > 120 then 'session_gap_long' end,
        case when not is_broken and days_since <= 120 and days_a_number >= greatest(4 * usual_days, 28) then 'session_gap_unlike_site' end,
        case when not is_broken and days_a_number is not null and days_since = 1 and usual_days >= 5 then 'session_next_day' end,
        case when is_rest then 'session_on_rest_day' end,
        case when n_on_day > 1 and usual_days >= 2 then 'session_same_day' end,
        case when attended and hour(start_local) between 1 and 5 then 'session_in_small_hours' end,
        case when minutes between 10 and 360 and minutes not between 30 and 270 then 'session_length_far_from_plan' end,
        case when exposure_started_at_utc < started_at_utc or exposure_started_at_utc >= ended_at_utc then 'exposure_outside_session' end,
    ]), 'query', site_no, 'session', usubjid || '|' || session_no, '', null, source_file, source_row
from asked;

-- clocks: exposures of a site, nights of a participant, ends of a site, summer time
insert into finding
with delayed as (
    select *, (epoch(exposure_started_at_utc) - epoch(started_at_utc)) / 60 as delay
    from session where attended and exposure_started_at_utc is not null and started_at_utc is not null
),
usual as (select site_no, median(delay) as usual from delayed group by site_no having count(*) >= 20 and quantile_cont(delay, 0.9) - quantile_cont(delay, 0.1) <= 20)
select 'exposure_delay_odd', 'query', d.site_no, 'session', d.usubjid || '|' || d.session_no, '', null, d.source_file, d.source_row
from delayed as d join usual as u using (site_no) where abs(d.delay - u.usual) >= 40
union all
select 'exposure_at_start', 'query', site_no, 'session', usubjid || '|' || session_no, '', null, source_file, source_row
from (select *, count(*) over s as n, count(*) filter (delay = 0) over s as n_zero, median(delay) over s as usual from delayed window s as (partition by site_no))
where delay = 0 and n >= 20 and usual >= 5 and (n_zero = 1 or n_zero <= 0.005 * n)
union all
select 'exposure_start_missing', 'query', site_no, 'session', usubjid || '|' || session_no, '', null, source_file, source_row
from (
    select *, count(*) over k as n, count(exposure_started_at_utc) over k as n_sent from session
    where attended window k as (partition by site_no, case when session_no between 3 and 7 then 0 else session_no end)
)
where exposure_started_at_utc is null and not is_exposure_withheld and n > 10 and n_sent >= 0.95 * (n - 1);

insert into finding
with timed as (
    select *, (epoch(ended_at_utc) - epoch(started_at_utc)) / 60 as minutes
    from session where attended and ended_at_utc is not null and started_at_utc is not null
),
usual as (select site_no, median(minutes) as usual from timed group by site_no having count(*) >= 20 and quantile_cont(minutes, 0.9) - quantile_cont(minutes, 0.1) <= 30)
select 'session_length_unlike_site', 'query', t.site_no, 'session', t.usubjid || '|' || t.session_no, '', null, t.source_file, t.source_row
from timed as t join usual as u using (site_no) where abs(t.minutes - u.usual) >= 45;

create table subject_clock as
select usubjid, any_value(site_no) as site_no, count(*) as n, count(*) filter (hour(start_local) not between 6 and 21) as n_night,
    -- how many hours later on the clock for each hour the clock is put forward
    case when min(start_offset_s) < max(start_offset_s) then regr_slope(epoch(start_local)::bigint % 86400, start_offset_s) end as slope,
from session where attended and started_at_utc is not null group by usubjid;

insert into finding
select 'sessions_at_night', 'query', site_no, 'subject_clock', usubjid, '', null, null, null from subject_clock where n >= 3 and 2 * n_night > n
union all
select 'sessions_move_with_clock', 'query', site_no, 'site_session', '', '', null, null, null
from subject_clock where slope is not null group by site_no
having count(*) >= 5 and greatest(count(*) filter (slope between -1.25 and -0.75), count(*) filter (slope between 0.75 and 1.25)) >= 0.8 * count(*)
union all
select 'session_length_off_site', 'query', site_no, 'site_session', '', '', null, null, null
from (select site_no, (epoch(ended_at_utc) - epoch(started_at_utc)) / 60 as minutes from session where attended and ended_at_utc is not null and started_at_utc is not null)
group by site_no having count(*) >= 10 and 2 * count(*) filter (abs(minutes - 90) >= 45) > count(*);

-- courses: rows that are not there, and rows of ratings that are not. A row in quarantine is there.
insert into finding
with sent as (
    select usubjid, session_no, 'session' as what from session_typed where usubjid is not null
    union
    select usubjid, session_no, 'rating' from rating_typed where usubjid is not null
),
unplaced as (select distinct usubjid, what from sent where session_no is null),
reached as (
    select v.usubjid, any_value(v.site_no) as site_no, max(v.session_no) as last_no, max(v.started_on) as last_on, bool_or(not v.attended) as has_missed,
        max(max(v.started_on)) over (partition by v.site_no) as site_last_on, bool_or(bool_or(not v.attended)) over (partition by v.site_no) as is_thorough,
    from session as v group by v.usubjid, v.site_no
),
followed as (select usubjid, max(assessed_on) as last_form_on from (select usubjid, assessed_on from form_key union all select usubjid, assessed_on from item_all) group by usubjid),
gap as (
    select r.usubjid from (select usubjid, unnest(generate_series(1, last_no - 1)) as session_no from reached where is_thorough) as r
    anti join (select * from sent where what = 'session') as s using (usubjid, session_no) group by r.usubjid
),
held as (
    select v.usubjid, v.session_no, q.usubjid is not null as is_rated, count(*) over n as n_held, count(q.usubjid) over n as n_rated, r.usubjid is not null as is_rater,
        max((r.usubjid is not null)::int) over (partition by v.site_no) = 1 as site_rates,
    from session as v left join (select usubjid, session_no from sent where what = 'rating') as q using (usubjid, session_no)
    left join (select distinct usubjid from sent where what = 'rating') as r on r.usubjid = v.usubjid
    where v.attended window n as (partition by v.site_no, v.session_no)
),
unrated as (
    select distinct usubjid from held anti join (select usubjid from unplaced where what = 'rating') as u using (usubjid)
    where not is_rated and n_held > 10
        and (n_rated >= case when is_rater then 0.9 else 0.5 end * (n_held - 1) or (n_rated = 0 and session_no between 3 and 7 and site_rates))
)
select told([
        case when p.usubjid is null and not s.is_withdrawn and r.last_no < 12 and r.last_on is not null and greatest(r.site_last_on, f.last_form_on) - r.last_on > 60 then 'course_ends_early' end,
        case when p.usubjid is null and g.usubjid is not null then 'session_record_missing' end, case when u.usubjid is not null then 'ratings_missing' end,
    ]), 'query', r.site_no, 'course_gap', s.subject_id, '', null, null, null
from reached as r join subject as s using (usubjid)
left join (select usubjid from unplaced where what = 'session') as p using (usubjid)
left join followed as f using (usubjid) left join gap as g using (usubjid) left join unrated as u using (usubjid);

-- all participants of a site begin at another hour, or take their doses elsewhere beside the session, from one day, or one session, on
insert into finding
with held as (
    select 'sessions_step_site' as rule, site_no, usubjid, session_no, started_on, epoch(start_local)::bigint % 86400 / 60 as m
    from session where attended and started_at_utc is not null
    union all
    select 'dose_lags_step_site', d.site_no, d.usubjid, d.session_no, s.started_on, d.lag_start
    from dose_timing as d join session as s using (usubjid, session_no) where d.taken and d.timing <> 'UNKNOWN'
),
parted as (
    select *, lead(started_on) over d as next_on, lead(session_no) over d as next_no, count(*) over b as n_b, count(*) over a as n_a,
        min(m) over a - max(m) over b as later, min(m) over b - max(m) over a as earlier, avg(m) over a - avg(m) over b as step,
    from held
    window d as (partition by rule, usubjid order by started_on, session_no), b as (partition by rule, usubjid order by started_on, session_no rows unbounded preceding),
        a as (partition by rule, usubjid order by started_on, session_no rows between 1 following and unbounded following)
),
step as (select * from parted where n_b > 1 and n_a > 1 and (later >= 30 or earlier >= 30)),
cut as (select distinct rule, site_no, next_on as day, null as no from step union all select distinct rule, site_no, null, next_no from step),
spanning as (
    select c.rule, c.site_no, c.day, c.no, h.usubjid, count(*) filter (coalesce(h.started_on >= c.day, h.session_no >= c.no)) as n_after, count(*) as n
    from cut as c join held as h using (rule, site_no) group by all
),
met as (
    select p.rule, p.site_no, p.day, p.no, p.usubjid, s.step, median(s.step) over (partition by p.rule, p.site_no, p.day, p.no) as usual
    from spanning as p left join step as s on s.rule = p.rule and s.usubjid = p.usubjid and coalesce(s.started_on < p.day and p.day <= s.next_on, s.session_no < p.no and p.no <= s.next_no)
    where p.n_after > 1 and p.n - p.n_after > 1
),
counted as (
    select rule, site_no, day, no, count(distinct usubjid) as n, count(distinct usubjid) filter (abs(step - usual) <= 20) as n_stepped from met group by all
),
best as (select * from counted qualify row_number() over (partition by rule, site_no order by n_stepped desc, n, day nulls last, no) = 1)
select rule, 'query', site_no, 'clock_step', '', '', null, null, null from best where n_stepped >= 5 and n_stepped >= 0.8 * n;
