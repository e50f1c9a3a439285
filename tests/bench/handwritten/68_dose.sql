-- Doses: queries that change nothing. Reads every table before.
insert into finding
with usual as (
    select usubjid, dose_mg, 2 * n > sum(n) over (partition by usubjid) as is_usual
    from (select usubjid, dose_mg, count(*) as n from dose_timing where taken and dose_mg is not null group by all)
),
untaken as (select site_no, count(*) as n, count(*) filter (dose_sent > 0) as n_given from dose_timing where not taken group by site_no)
select told([
        case when d.taken is null and d.taken_raw is null then 'dose_taken_missing' end,
        case when d.taken and d.dosed_at_utc is null and d.dosed_fault is null and d.dosed_limit is null then 'dose_time_missing' end,
        case when d.taken and d.dose_text is null then 'dose_amount_missing' end,
        case when not d.taken and d.dosed_at_utc is not null then 'dose_not_taken_with_time' end,
        case when not d.taken and d.attended is not false and d.dose_sent > 0 and (n.n_given = 1 or 2 * n.n_given <= n.n) then 'dose_not_taken_with_amount' end,
        case when d.taken and (s.randomized_on is null or d.dosed_on < s.randomized_on) then 'dose_not_randomized' end,
        case when d.timing <> 'UNKNOWN' and d.lag_start <= 0 then 'dose_on_wrong_side' end,
        case when d.timing <> 'UNKNOWN' and d.lag_start > 300 then 'dose_far_from_window' end,
        case when d.taken is not false and d.lag_start not between 60 and 120 and (d.lag_start + 720 between 60 and 120 or d.lag_start - 720 between 60 and 120) then 'am_pm_slip' end,
        case when d.taken is not false and abs(d.lag_start) > 720 then 'implausible_lag' end,
        case when d.taken is not false and d.link = 'SENT' and not d.has_session then 'dose_without_session' end,
        case when d.taken is not false and d.link = 'NONE_NEAR' then 'dose_unlinked' end,
        case when d.taken is not false and d.link = 'SEVERAL_NEAR' then 'dose_link_ambiguous' end,
        case when d.taken and not d.attended then 'dose_session_not_attended' end,
        case when d.taken and not u.is_usual then 'dose_amount_changes' end,
        case when d.taken and d.dose_mg <> 50 then 'dose_amount_not_of_arms' end,
        case when d.taken and not d.is_planned then 'dose_unplanned' end, case when d.taken and d.nth_here > 1 then 'dose_second' end,
        case when d.taken and d.dosed_on < d.consented_on then 'dose_before_consent' end,
        case when d.taken and d.dosed_on > d.withdrawn_on then 'dose_after_withdrawal' end,
    ]), 'query', d.site_no, 'dose', concat_ws('|', d.usubjid, d.session_no, 'PRE', d.dosed_raw), '', null, d.source_file, d.source_row
from dose_timing as d join subject as s using (usubjid) left join usual as u on u.usubjid = d.usubjid and u.dose_mg = d.dose_mg
left join untaken as n on n.site_no = d.site_no;

-- planned doses without a record, where the site writes down those not taken, or nearly all of its participants have all
insert into finding
with planned as (
    select v.site_no, v.usubjid, v.session_no, v.source_file, v.source_row, d.usubjid is not null as is_recorded
    from session as v left join (select distinct usubjid, session_no from dose_timing where session_no is not null) as d using (usubjid, session_no)
    where v.attended and v.session_no between 3 and 7
),
person as (select site_no, usubjid, bool_and(is_recorded) as is_whole from planned group by all having bool_or(is_recorded)),
thorough as (
    select site_no from dose_timing where not taken
    union
    select site_no from person group by site_no having count(*) >= 8 and count(*) filter (is_whole) >= 0.9 * count(*)
)
select 'dose_record_missing', 'query', p.site_no, 'planned_dose', p.usubjid || '|' || p.session_no, '', null, p.source_file, p.source_row
from planned as p join thorough using (site_no) anti join (select usubjid, unnest(session_nos) as session_no from loose_dose) as l using (usubjid, session_no)
where not p.is_recorded;

-- a dose outside the window beside the participant's doses inside it
insert into finding
with measured as (
    select *, lag_start between 60 and 120 as is_inside, timing <> 'UNKNOWN' as is_timed from dose_timing where taken and lag_start is not null
),
own as (select usubjid, median(lag_start) filter (in_window) as usual from measured group by usubjid having count(*) filter (in_window) >= 3),
site as (
    select site_no, count(*) filter (not in_window) as n_out, count(*) filter (not in_window and greatest(60 - lag_start, lag_start - 120) >= 40) as n_far,
    count(in_window) as n from measured group by site_no
)
select 'dose_hour_odd', 'query', m.site_no, 'dose', concat_ws('|', m.usubjid, m.session_no), 'dosed_at', null, m.source_file, m.source_row
from measured as m left join own as o using (usubjid) join site as s using (site_no)
where not m.in_window and coalesce(abs(m.lag_start - o.usual), greatest(60 - m.lag_start, m.lag_start - 120)) between 40 and 180
  and (s.n_out = 1 or 10 * s.n_out <= s.n or (greatest(60 - m.lag_start, m.lag_start - 120) >= 40 and (s.n_far = 1 or 10 * s.n_far <= s.n)));

-- all doses of a participant beside the others of the site
insert into finding
with timed as (
    select site_no, usubjid, lag_start, ((epoch(dosed_at_utc) + dosed_offset_s)::bigint % 3600 < 60)::int as n_on_hour
    from dose_timing where taken and timing <> 'UNKNOWN'
),
site as (select site_no, median(lag_start) as usual, count(*) as n from timed group by site_no),
person as (
    select t.usubjid, s.site_no, count(*) as n, s.n - count(*) as n_others, min(t.lag_start - s.usual) as least, max(t.lag_start - s.usual) as most, median(t.lag_start - s.usual) as shift
    from timed as t join site as s using (site_no) group by t.usubjid, s.site_no, s.n
)
select 'dose_timing_unlike_site', 'query', p.site_no, 'subject_clock', p.usubjid, '', null, null, null
from person as p join subject_clock using (usubjid)
where p.n >= 4 and p.n_others >= 20 and ((least >= 30 and shift >= 45) or (most <= -30 and shift <= -45))
union all
select 'dose_lags_alike_site', 'query', site_no, 'site_timing', '', '', null, null, null
from (select site_no, count(*) as n from timed group by site_no, round(lag_start)) group by site_no having sum(n) >= 20 and max(n) >= 0.8 * sum(n)
union all
select 'dose_times_rounded_site', 'query', site_no, 'site_timing', '', '', null, null, null
from (select site_no, count(*) as n, sum(n_on_hour) as n_on_hour from timed group by site_no, round(lag_start))
group by site_no having sum(n) >= 20 and max(n) < 0.8 * sum(n) and sum(n_on_hour) >= 0.8 * sum(n);

-- one shift of the clock that puts nearly all the site's doses outside the window inside: half hours, or the zone's offset
insert into finding
with measured as (
    select site_no, lag_start, dosed_offset_s / 60 as east, lag_start between 60 and 120 as is_inside, in_window from dose_timing where taken and lag_start is not null
),
site as (
    select site_no, count(*) as n_measured, count(*) filter (not is_inside) as n_far, count(in_window) as n_timed, count(*) filter (not in_window) as n_outside
    from measured group by site_no
),
far as (select m.* from measured as m join site as s using (site_no) where not m.is_inside and s.n_far >= 10 and s.n_measured >= 10),
moved as (
    select site_no, abs(s.shift) as shift, count(*) as n from far, (select unnest(range(-1440, 1441, 30)) as shift) as s where s.shift between lag_start - 120 and lag_start - 60
    group by site_no, s.shift
    union all
    select site_no, abs(mode(east * way order by east)), count(*) from far, (select unnest([1, -1]) as way) where east * way between lag_start - 120 and lag_start - 60
    group by site_no, way
),
best as (select site_no, n as n_shifted, min(shift) as shift from moved group by site_no, n qualify n = max(n) over (partition by site_no)),
judged as (
    select s.*, coalesce(b.n_shifted >= 0.8 * s.n_far and b.n_shifted >= 10 and b.shift >= 60 and (b.shift >= 180 or 2 * s.n_far > s.n_measured), false) as is_shift
    from site as s left join best as b using (site_no)
)
select case when is_shift then 'site_clock_shifted' else 'site_timing_off' end, 'query', site_no, 'site_timing', '', '', null, null, null
from judged where is_shift or (n_timed >= 10 and 2 * n_outside > n_timed);
