-- Fear ratings: queries and notes that change nothing. Reads rating, session, session_exercise, subject.
create table rated as
select site_no, usubjid, session_no, exercise_no, begin_suds as b, peak_suds as p, end_suds as e, greatest(begin_suds, peak_suds, end_suds) as top, source_file, source_row,
    (b is not null)::int + (p is not null)::int + (e is not null)::int as n,
    (round(coalesce(b, 0)) % 5 <> 0)::int + (round(coalesce(p, 0)) % 5 <> 0)::int + (round(coalesce(e, 0)) % 5 <> 0)::int as n_odd,
    coalesce(b, 0) <> round(coalesce(b, 0)) or coalesce(p, 0) <> round(coalesce(p, 0)) or coalesce(e, 0) <> round(coalesce(e, 0)) as is_broken,
from rating;

create table rater as
select site_no, usubjid, sum(n) as n, sum(n_odd) as n_odd, median(b) as usual_begin, count(b) as n_b, max(top) as top, min(least(b, p, e)) as bottom,
    coalesce(min(b) = max(b), true) and coalesce(min(p) = max(p), true) and coalesce(min(e) = max(e), true) as is_same,
    count(*) filter (b is not null and e is not null) as n_courses, count(*) filter (e > b) as n_rising, count(*) filter (e < b) as n_falling,
    min(top) filter (top > 0) as least_top, bool_or(b = 99 or p = 99 or e = 99) as has_99,
    coalesce(bool_or(b in (97, 98, 100) or p in (97, 98, 100) or e in (97, 98, 100)), false) as is_near_99,
from rated group by all;

-- the highest begin of each session or of the one after it (after the last: before it)
create table rated_day as
select usubjid, session_no,
    greatest(max(b), coalesce(lead(max(b)) over w, lag(max(b)) over w)) as near_b,
from rated group by usubjid, session_no window w as (partition by usubjid order by session_no);

create table rating_site as
select site_no, sum(n) as n, max(top) as top, median(b) as usual_begin, count(b) + count(e) as n_ends, count(*) filter (is_broken) as n_broken, count(e) as n_end, count(*) filter (e = 0) as n_zero,
    count(*) filter (e > 0 and e <= 15) as n_low, count(*) filter (b is not null and e is not null) as n_courses, count(*) filter (e < b) as n_falling, count(*) filter (e > b) as n_rising,
    count(*) filter (p is not null and coalesce(b, e) is not null) as n_peaks, count(*) filter (p < greatest(b, e)) as n_low_peaks,
    count(b) filter (p > 0) as n_pb, count(*) filter (p > 0 and b = p) as n_b_is_p, count(e) filter (p > 0) as n_pe, count(*) filter (p > 0 and e = p) as n_e_is_p,
from rated group by site_no;

insert into finding
select told([
        case when k.usubjid is null then 'rating_without_session' end, case when not k.attended then 'rating_session_not_attended' end,
        case when r.p < greatest(r.b, r.e) then 'suds_peak_too_low' end,
        case when r.is_broken and s.n_ends >= 50 and 50 * s.n_broken <= s.n_ends then 'suds_not_whole' end,
        case when r.b <= 10 and greatest(case when o.n_b = 1 then s.usual_begin else o.usual_begin end, median(r.b) over (partition by r.usubjid, r.session_no)) >= 40
            and (r.p >= 50 or (r.top = 0 and d.near_b >= 40)) then 'suds_begin_low' end,
        case when o.n_odd = 1 and r.n_odd = 1 and o.n > 20 and ((r.b < 9.5 and round(r.b) % 5 <> 0) or (r.e < 9.5 and round(r.e) % 5 <> 0)) then 'suds_digit_lost' end,
    ]), 'query', r.site_no, 'rating', concat_ws('|', r.usubjid, r.session_no, r.exercise_no), '', null, r.source_file, r.source_row
from rated as r join rating_site as s using (site_no) join rater as o using (usubjid) join rated_day as d on r.usubjid = d.usubjid and r.session_no = d.session_no
left join session as k on k.usubjid = r.usubjid and k.session_no = r.session_no
union all
select 'exercise_numbers_odd', 'query', s.site_no, 'session_exercise', e.usubjid || '|' || e.session_no, '', null, null, null
from session_exercise as e join subject as s using (usubjid) where not e.is_numbered and e.is_peak_told
union all
select told([
        case when n >= 20 and top <= 10 then 'suds_scale_suspect_site' end, case when n_courses >= 20 and (5 * n_falling < n_courses or (3 * n_falling < n_courses and n_rising - n_falling > 4 * sqrt(n_rising + n_falling))) then 'suds_never_falls_site' end,
        case when (n_pb >= 40 and n_b_is_p >= 0.95 * n_pb) or (n_pe >= 40 and n_e_is_p >= 0.95 * n_pe) then 'suds_columns_alike_site' end,
        case when n_low_peaks >= 5 and 50 * n_low_peaks >= n_peaks then 'suds_peaks_low_site' end,
        case when n_end >= 40 and n_zero >= 5 and n_zero >= 3 * n_low then 'suds_zero_suspect_site' end,
    ]), 'query', site_no, 'site_suds', '', '', null, null, null
from rating_site
union all
select told([
        case when o.n >= 8 and o.top <= 10 and s.top > 10 then 'suds_scale_suspect' end, case when o.n >= 8 and (o.bottom = o.top or (o.is_same and o.n >= if(sum((o.is_same and o.n >= 18)::int) over (partition by o.site_no) - (o.is_same and o.n >= 18)::int >= 2, 6, 18))) then 'ratings_uniform' end,
        case when o.n_courses >= 6 and s.n_courses - o.n_courses >= 20 and 2 * (s.n_falling - o.n_falling) > s.n_courses - o.n_courses
            and 5 * o.n_rising >= 4 * o.n_courses then 'suds_rises' end,
    ]), 'query', o.site_no, 'subject_suds', o.usubjid, '', null, null, null
from rater as o join rating_site as s using (site_no);

-- a column dragged down: six numbers not of fives in eight rows of the file, each higher by as many as its row is lower
insert into finding
with cell as (
    select * from (
        select site_no, source_file, source_row, unnest([1, 2, 3]) as k, unnest([round(b), round(p), round(e)])::int - source_row as line, unnest([round(b), round(p), round(e)]) as v
        from rated where n_odd > 0
    ) where v % 5 <> 0
),
often as (select site_no, source_file, k, line from cell group by all having count(*) > 5),
dragged as (
    select site_no, source_file, source_row as z, lag(source_row, 5) over (partition by site_no, source_file, k, line order by source_row) as a
    from cell join often using (site_no, source_file, k, line) qualify z - a <= 7
)
select distinct 'ratings_run', 'query', r.site_no, 'rating', concat_ws('|', r.usubjid, r.session_no, r.exercise_no), '', null, r.source_file, r.source_row
from rated as r join dragged as d on r.site_no = d.site_no and r.source_file = d.source_file and r.source_row between a and z;

-- a session with all the ratings of an earlier one, nine and more and not all the same
insert into finding
with sheet as (
    select site_no, usubjid, session_no, bit_xor(hash(exercise_no, b, p, e)) as mark
    from rated group by all having sum(n) >= 9 and count(distinct b) + count(distinct e) > 2
)
select 'ratings_copied', 'query', site_no, 'subject_rating', usubjid, '', null, null, null
from (select site_no, usubjid from sheet group by site_no, usubjid, mark having count(*) > 1) group by all;

-- a session with fewer exercises than nearly all of the site's
insert into finding
with counted as (select site_no, usubjid, session_no, count(*) as n from rated group by all),
site as (select site_no, mode(n) as usual, count(*) as n_sessions from counted group by site_no having count(*) >= 50),
short as (
    select *, count(*) filter (n < usual) over s as n_short, count(*) filter (n = usual) over s as n_usual
    from counted join site using (site_no) window s as (partition by site_no)
)
select 'exercise_missing', 'query', site_no, 'session_exercise', usubjid || '|' || session_no, '', null, null, null
from short join session_exercise as e using (usubjid, session_no)
where n < usual and 20 * n_usual >= 19 * n_sessions and (n_short = 1 or 50 * n_short <= n_sessions) and e.is_numbered and e.is_peak_told;

-- a session that rises as others fall
insert into finding
with sheet as (select site_no, usubjid, session_no, avg(b - e) as fall from rated group by all),
usual as (select *, count(fall) over s as n, median(fall) over s as usual from sheet window s as (partition by site_no)),
spread as (select *, greatest(5, 1.4826 * median(abs(fall - usual)) over (partition by site_no)) as error from usual)
select distinct 'suds_rises_session', 'query', site_no, 'subject_rating', usubjid, '', null, null, null
from spread join (select usubjid, n_courses, n_rising from rater) as r using (usubjid)
where n >= 50 and fall < 0 and fall <= usual - 3.5 * error and 2 * n_rising <= n_courses;

-- 99: a rating, or a code for missing
insert into finding
with one as (
    select r.usubjid, unnest([
        {{'v': r.b, 'd': least(abs(r.p - 99), abs(r.e - 99))}}, {{'v': r.p, 'd': least(abs(r.b - 99), abs(r.e - 99))}}, {{'v': r.e, 'd': least(abs(r.b - 99), abs(r.p - 99))}}
    ], recursive := true), r.session_no
    from rated as r join rater as o using (usubjid) where o.has_99
),
habit as (
    select usubjid, count(*) filter (v <> 99 and round(v) % 5 = 0) >= 0.8 * count(*) filter (v <> 99) as in_fives, count(distinct session_no) filter (v = 99) as n_sessions,
        count(distinct session_no) filter (v = 99 and coalesce(d >= 25, true)) as n_far,
    from one where v is not null group by usubjid
),
asked as (
    select o.site_no, o.usubjid, case when o.is_near_99 then 0 when h.in_fives then h.n_sessions else h.n_far end as n_likely,
        case when o.is_near_99 and not h.in_fives then h.n_far else h.n_sessions end as n_open,
    from rater as o join habit as h using (usubjid)
)
select told([case when n_likely > 0 then 'suds_missing_code' end, case when n_open > n_likely then 'suds_missing_code_possible' end]),
    'query', site_no, 'suds_code', usubjid, '', null, null, null
from asked;

-- a sheet on 0-10 among sheets on 0-100: sessions, and exercises of a session, beside their neighbours
insert into finding
with own as (select r.* from rated as r join rater as o using (usubjid) where o.least_top <= 10),
opening as (
    select site_no, median(top) as usual from (select site_no, arg_min(top, (session_no, exercise_no)) as top from rated group by site_no, usubjid)
    group by site_no having count(top) >= 8
),
sheet as (
    select site_no, usubjid, session_no, max(top) as top, sum(n_odd) as n_odd, greatest(
            lag(max(top)) over c, lead(max(top)) over c, case when session_no = min(session_no) over c then any_value(usual) end
        ) as beside
    from own left join opening using (site_no) group by site_no, usubjid, session_no window c as (partition by usubjid order by session_no)
),
exercise as (
    select *, lag(e) over c as end_before, lead(b) over c as begin_after, greatest(lag(top) over c, lead(top) over c) as beside
    from own window c as (partition by usubjid, session_no order by exercise_no)
),
odd as (
    select site_no, usubjid, unnest(list(session_no)) as session_no, true as is_mixed from sheet where top > 0 and top <= 10
    group by site_no, usubjid having sum(n_odd) >= 2 and bool_or(beside >= greatest(5 * top, 30))
    union all
    select site_no, usubjid, session_no, n_odd >= 2 or coalesce(n_odd > 0 and end_before >= 5 * top and begin_after >= 5 * top, false)
    from exercise where top > 0 and top <= 10 and beside >= greatest(5 * top, 30) and coalesce(end_before >= 5 * top, true)
)
select told([
        case when bool_or(is_mixed) and not any_value(o.n >= 8 and o.top <= 10) then 'suds_scale_mixed' end,
        case when bool_or(not is_mixed) then 'suds_exercise_low' end
    ]), 'query', odd.site_no, 'subject_suds', usubjid, '', null, null, null
from odd join rater as o using (usubjid) group by odd.site_no, usubjid;

-- blanks: one of hardly any at the site, or one of many; a column that is mostly blank is not used
insert into finding
with blank as (
    select *, count(*) over s as n, count(*) filter (no_begin) over s as n_b, count(*) filter (no_peak) over s as n_p, count(*) filter (no_end) over s as n_e
    from rating window s as (partition by site_no)
),
least_blank as (
    select *, least(case when no_begin and 2 * n_b < n then n_b end, case when no_peak and 2 * n_p < n then n_p end, case when no_end and 2 * n_e < n then n_e end) as n_blank
    from blank
)
select case when n >= 20 and (n_blank = 1 or n_blank <= 0.01 * n) then 'suds_blank' else 'suds_blank_usual' end,
    'query', site_no, 'rating', concat_ws('|', usubjid, session_no, exercise_no), '', null, source_file, source_row
from least_blank where n_blank is not null;
