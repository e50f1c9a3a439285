-- Which items a site's forms answer high, and forms that run against that: turned round, or moved by an item. Reads form_check.
create macro scaled(v) as list_transform(v, x -> (x - list_avg(v)) / (list_stddev_pop(v) * sqrt(48)));

-- the first two whole forms of up to sixteen participants of a site, each half around its mean, a form of length one
create table profile_form as
with person as (
    select site_no, usubjid from form_check where shape = 'whole' group by site_no, usubjid qualify row_number() over (partition by site_no order by min(form_row)) <= 16
)
select c.site_no, c.usubjid, c.form_row, row_number() over (partition by c.usubjid order by c.assessed_on nulls last, c.form_row) as nth, scaled(c.v[1:24]) || scaled(c.v[25:48]) as x
from form_check as c join (select usubjid from person) as p using (usubjid)
where c.shape = 'whole' and list_min(c.v[1:24]) < list_max(c.v[1:24]) and list_min(c.v[25:48]) < list_max(c.v[25:48])
qualify nth <= 2;

-- what the first forms have in common, each counted the way round that most are
create table site_profile as
with firsts as (select * from profile_form where nth = 1),
alike as (select a.site_no, a.form_row as seed, b.form_row, list_dot_product(a.x, b.x) as r from firsts as a join firsts as b using (site_no)),
seed as (select site_no, seed from alike group by site_no, seed qualify row_number() over (partition by site_no order by round(sum(abs(r)), 9) desc, seed) = 1),
way as (
    select site_no, form_row, sign(r) * sign(sum(sign(r)) over (partition by site_no) + 0.5) as way
    from alike join seed using (site_no, seed)
),
item as (select f.site_no, w.way, unnest(f.x) as x, generate_subscripts(f.x, 1) as nth_item from firsts as f join way as w using (site_no, form_row)),
level as (select site_no, nth_item, round(sum(x * way), 9) as level from item group by all),
profile as (select site_no, list(level order by nth_item) as p, nullif(sqrt(sum(level * level)), 0) as length from level group by site_no)
select
    f.site_no, any_value(p.p) as p, count(distinct f.usubjid) as n_sampled, count(*) as n_forms, count(*) filter (list_dot_product(f.x, p.p) < 0) as n_against,
    median(abs(list_dot_product(f.x, p.p) / p.length)) filter (f.nth = 2) as usual_site, median(abs(list_dot_product(f.x, o.x))) as usual_own,
    median(2 * list_dot_product(f.x[1:24], f.x[25:48])) as usual_halves,
from profile_form as f join profile as p using (site_no) left join firsts as o on f.nth = 2 and o.usubjid = f.usubjid
group by f.site_no;

-- participants with a form that hardly follows the site's profile, in either half
create table suspect as
with known as (
    select site_no, usual_site, usual_halves, list_resize(p[1:24], 48, 0.0) as p1, list_resize([]::double[], 24, 0.0) || p[25:48] as p2
    from site_profile where n_sampled >= 8 and usual_own >= 0.4 and usual_site >= 0.25
),
along as (
    select k.*, c.usubjid, sqrt(list_dot_product(c.v::double[], c.v::double[]) - list_sum(c.v) ** 2 / 48) as spread,
        list_dot_product(c.v::double[], k.p1) / spread as a1, list_dot_product(c.v::double[], k.p2) / spread as a2,
    from (select site_no, usubjid, v from form_check where shape = 'whole' and site_no in (select site_no from known)) as c join known as k using (site_no)
),
usual as (select *, abs(median(a1) over s) as u1, abs(median(a2) over s) as u2 from along window s as (partition by site_no))
select distinct site_no, usubjid, usual_site, usual_halves, p1[1:24] as p1, p2[25:48] as p2 from usual where a1 <= 0.25 * u1 or (u2 > 0 and a2 <= 0.25 * u2);

-- their forms, a missing answer standing in the middle
create table suspect_form as
with half as (
    select s.*, c.form_row, c.source_file, c.source_row, c.v[1:24] as h1, c.v[25:48] as h2,
        10 * list_max(map_values(list_histogram(c.v))) <= 6 * c.n_answered as is_rich,
    from suspect as s join form_check as c using (site_no, usubjid)
    where c.n_answered >= 0.8 * 48 and list_min(c.v) < list_max(c.v)
),
told as (
    select *, list_stddev_pop(h1) * sqrt(list_count(h1)) as l1, list_stddev_pop(h2) * sqrt(list_count(h2)) as l2, list_avg(h1) as m1, list_avg(h2) as m2 from half
)
select * exclude (h1, h2, l1, l2, m1, m2), coalesce(l1 > 0, false) as has1, coalesce(l2 > 0, false) as has2,
    list_transform(h1, x -> coalesce((x - m1) / nullif(l1, 0), 0)::double) as x1, list_transform(h2, x -> coalesce((x - m2) / nullif(l2, 0), 0)::double) as x2,
from told;

insert into finding
with pair as (
    select a.form_row, case when a.has1 and b.has1 then list_dot_product(a.x1, b.x1) end as r1, case when a.has2 and b.has2 then list_dot_product(a.x2, b.x2) end as r2,
        a.is_rich and b.is_rich as is_rich, a.has2,
        list_dot_product(a.x1[2:24], b.x1[1:23]) as u1, list_dot_product(a.x2[2:24], b.x2[1:23]) as u2,
        list_dot_product(a.x1[1:23], b.x1[2:24]) as d1, list_dot_product(a.x2[1:23], b.x2[2:24]) as d2,
    from suspect_form as a join suspect_form as b on a.usubjid = b.usubjid and a.form_row <> b.form_row
),
beside as (
    select form_row, median(r1) as r1, median(r2) as r2,
        greatest(median(case when has2 then (u1 + u2) / 2 else u1 end) filter (is_rich), median(case when has2 then (d1 + d2) / 2 else d1 end) filter (is_rich)) as moved,
    from pair group by form_row
),
asked as (
    select f.*, b.r1, b.r2, b.moved, (coalesce(b.r1, b.r2) + coalesce(b.r2, b.r1)) / 2 as own,
        case when f.has1 then list_dot_product(f.x1, f.p1) / nullif(sqrt(list_dot_product(f.p1, f.p1)), 0) end as s1,
        case when f.has2 then list_dot_product(f.x2, f.p2) / nullif(sqrt(list_dot_product(f.p2, f.p2)), 0) end as s2,
        case when f.has1 and f.has2 then list_dot_product(f.x1, f.x2) end as halves,
    from suspect_form as f left join beside as b using (form_row)
)
select told([
        case when (r1 <= -0.3 and s1 <= 0.05) or (r2 <= -0.3 and s2 <= 0.05) or (halves <= -0.3 and usual_halves >= 0.4)
            or ((coalesce(s1, s2) + coalesce(s2, s1)) / 2 <= -0.25 and usual_site >= 0.4) then 'answers_turned' end,
        case when moved >= 0.4 and moved - own >= 0.3 then 'answers_moved' end,
    ]), 'query', site_no, 'form', usubjid, '', null, source_file, source_row
from asked
union all
select 'answers_turned_site', 'query', site_no, 'site_profile', 'LSAS', '', null, null, null
from site_profile
where n_sampled >= 8 and usual_own >= 0.4 and ((usual_site >= 0.4 and n_against >= 0.2 * n_forms) or usual_halves <= -0.3);

-- blanks that are no plain ones, in cells that are used
insert into finding
select 'space_removed', 'note', f.site_no, 'cell', '', '', null, u.source_file, u.source_row
from untidy_cell as u join sent_file as f using (source_file)
anti join (select source_file, source_row from finding where severity in ('reject', 'drop')) as gone using (source_file, source_row)
anti join (select source_file, source_row, raw_value as sent from finding where severity = 'withhold') as bad using (source_file, source_row, sent);

-- a blank in a column that nearly all rows of the site fill
insert into finding
with cell as (
    select t.site_no, 'subject' as kind, t.subject_id::varchar as key, t.source_file, t.source_row,
        unnest(['age', 'sex', 'weight']) as field, unnest([t.age_raw is null, t.sex_raw is null, t.weight_raw is null]) as is_blank
    from subject_typed as t join subject as s using (source_file, source_row)
    union all
    select site_no, 'medication', concat_ws('|', usubjid, verbatim), source_file, source_row,
        unnest(['start', 'end']), unnest([start_raw is null, end_raw is null and ongoing_raw is null])
    from medication_kept where verbatim not in (select verbatim from medication where not is_drug)
    union all
    select site_no, 'event', concat_ws('|', usubjid, verbatim), source_file, source_row,
        unnest(['severity', 'relation']), unnest([severity_raw is null, related is null])
    from event where not is_none
    union all
    select site_no, 'LSAS', usubjid::varchar, source_file, source_row, 'answer', n_answered + n_bad < 48 from form_check where n_answered > 0
),
counted as (select *, count(*) over c as n, count(*) filter (is_blank) over c as n_blank from cell window c as (partition by site_no, kind, field))
select 'cell_blank_unlike_site', 'query', site_no, kind, key, field, null, source_file, source_row
from counted
where is_blank and n >= case kind when 'LSAS' then 20 else 10 end and (n_blank = 1 or 100 * n_blank <= n);

-- another code list: a fifth of a column and more cannot be read
insert into finding
with sent as (
    select site_no, unnest(['taken', 'sex', 'attended', 'ongoing', 'severity', 'serious']) as field, unnest([n_taken, n_sex, n_attended, n_ongoing, n_severity, n_serious]) as n
    from (select site_no, count(taken_raw) as n_taken from dose_kept group by all)
    full join (select site_no, count(t.sex_raw) as n_sex from subject_typed as t join subject as s using (site_no, source_file, source_row) group by all) using (site_no)
    full join (select site_no, count(attended_raw) as n_attended from session group by all) using (site_no)
    full join (select site_no, count(ongoing_raw) as n_ongoing from medication_kept group by all) using (site_no)
    full join (select site_no, count(severity_raw) as n_severity, count(serious_raw) as n_serious from event group by all) using (site_no)
)
select 'codes_partly_unknown_site', 'query', f.site_no, 'code', f.field, f.field, null, min(f.source_file), min(f.source_row)
from finding as f join sent as s using (site_no, field)
where f.rule = 'unknown_code'
group by f.site_no, f.field, s.n having count(*) >= 3 and 5 * count(*) >= s.n and count(*) < s.n;
