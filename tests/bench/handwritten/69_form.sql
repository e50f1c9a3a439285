-- Questionnaires: what was not scored, repeated, copied, one off, or missing. Reads form, item_one, form_typed, deviation, subject.
create table form_check as
select
    f.* exclude (item_values), f.item_values as v, s.consented_on, coalesce(t.n_bad, 0) as n_bad, f.answered[1]::integer as n_answered,
    case when f.answered[1] = 48 and list_min(f.item_values) < list_max(f.item_values) then 'whole' end as shape,
    k.is_label_unknown, k.is_undated,
from form_all as f join subject as s using (usubjid) join form_key as k using (form_row)
left join (
    select rowid as form_row, len(list_filter(bad, x -> x.sent is not null and coalesce(number(x.sent) not in (0, 1, 2, 3), true))) as n_bad
    from form_typed where bad is not null
) as t using (form_row);

insert into finding
with sends_items as (select distinct site_no from form_check where n_answered > 0 or n_bad > 0)
select told([
        case when n_answered > 0 and list_contains(list_transform(scores, v -> v is null), true) then 'assessment_not_scored' end,
        case when n_answered = 0 and n_bad = 0 and reported is null then 'assessment_empty' end,
        case when n_answered = 0 and n_bad = 0 and reported is not null and i.site_no is not null then 'assessment_total_unchecked' end,
        case when assessed_on < consented_on then 'assessment_before_consent' end, case when is_undated then 'assessment_date_missing' end,
        case when not is_told_apart then 'assessment_not_told_apart' end, case when n_in_visit > 1 and visit <> 'UNSCHEDULED' then 'assessment_repeated' end,
        case when is_label_unknown then 'visit_unknown' end,
        case when reported not between 0 and 144 then 'total_out_of_scale' end,
        case when n_answered = 48 and reported <> total then 'total_differs' end,
        case when n_answered = 0 and reported <> floor(reported) then 'total_not_whole' end,
        case when n_answered < 48 and abs(reported - total) > (48 - n_answered) * 3 + 1e-9 then 'total_out_of_reach' end,
    ]), 'query', f.site_no, 'form', concat_ws('|', f.usubjid, 'LSAS', f.visit, f.assessed_on), '', null, f.source_file, f.source_row
from form_check as f left join sends_items as i using (site_no)
union all
select told([
        case when severity is null and severity_raw is null then 'assessment_empty' end, case when o.assessed_on < s.consented_on then 'assessment_before_consent' end,
        case when is_undated then 'assessment_date_missing' end, case when not is_told_apart then 'assessment_not_told_apart' end,
        case when n_in_visit > 1 and visit <> 'UNSCHEDULED' then 'assessment_repeated' end, case when is_label_unknown then 'visit_unknown' end,
    ]), 'query', o.site_no, 'item', concat_ws('|', o.usubjid, 'SPD-S', o.visit, o.assessed_on), '', null, o.source_file, o.source_row
from item_all as o join subject as s using (usubjid)
union all
select 'visit_out_of_window', 'query', site_no, 'form', concat_ws('|', usubjid, on_day), 'assessed_on', null, source_file, source_row
from deviation where decod = 'VISIT_OUT_OF_WINDOW'
union all
select 'assessment_day_apart', 'query', site_no, 'form', concat_ws('|', usubjid, visit, assessed_on), 'assessed_on', null, source_file, source_row
from (
    select *, count(distinct (usubjid, visit)) filter (n > 1) over s as n_visits, count(distinct (usubjid, visit)) filter (days >= 3) over s as n_apart
    from (
        select *, count(*) over v as n, max(assessed_on) over v - min(assessed_on) over v as days, count(*) over (partition by usubjid, visit, assessed_on) as n_here
        from (
            select site_no, usubjid, visit, assessed_on, source_file, source_row from form_check where is_out_of_window is not true and is_told_apart and visit <> 'UNSCHEDULED'
                and (not is_crowded or form_row in (select form_row from form_used where list_contains(nths, 1)))
            union all
            select site_no, usubjid, visit, assessed_on, source_file, source_row from item_one where is_out_of_window is not true and is_used
        ) window v as (partition by usubjid, visit)
    ) window s as (partition by site_no)
)
where days >= 3 and 2 * n_here <= n and n_visits >= 20 and (n_apart = 1 or 50 * n_apart <= n_visits)
union all
select 'items_shifted_form', 'query', f.site_no, 'form', concat_ws('|', f.usubjid, 'LSAS', f.visit), '', null, f.source_file, f.source_row
from form_all as f join form_typed as t on t.rowid = f.form_row
where t.bad is not null and ((list_min(f.item_values) >= 1 and len(list_filter(t.bad, x -> try_cast(x.sent as float) = 4)) >= 2)
    or (list_max(f.item_values) <= 2 and len(list_filter(t.bad, x -> try_cast(x.sent as float) = -1)) >= 2));

-- answers copied: within a participant the later form is asked about, between participants both
insert into finding
with full_form as (select form_row, site_no, usubjid, assessed_on, source_file, source_row, v, hash(v) as answers from form_check where n_answered >= 20),
likely as (
    select f.* from full_form as f join (select site_no, answers from full_form group by all having count(*) > 1) as c using (site_no, answers) where list_unique(f.v) >= 3
)
select distinct 'assessment_copied', 'query', a.site_no, 'form', concat_ws('|', a.usubjid, 'LSAS', a.assessed_on), '', null, a.source_file, a.source_row
from likely as a join likely as b on a.site_no = b.site_no and a.answers = b.answers and a.form_row <> b.form_row
where a.usubjid <> b.usubjid or (coalesce(a.assessed_on, date '9999-12-31'), a.form_row) > (coalesce(b.assessed_on, date '9999-12-31'), b.form_row);

-- sites: answers one off, totals that look like means, a code for missing among totals without items
insert into finding
select 'items_shifted', 'query', f.site_no, 'site_item', 'LSAS', '', null, null, null
from form_check as f left join (
    select form_row, bool_or(sent = 4) as is_high, bool_or(sent = -1) as is_low
    from (select rowid as form_row, unnest(list_transform(bad, x -> try_cast(x.sent as float))) as sent from form_typed where bad is not null) group by form_row
) as b using (form_row)
group by f.site_no
having sum(n_answered) >= 20 and ((bool_or(is_high) and min(list_min(v)) >= 1) or (bool_or(is_low) and max(list_max(v)) <= 2))
union all
select 'lowest_answer_unused_site', 'query', f.site_no, 'site_item', 'LSAS', '', null, null, null
from form_check as f left join (select distinct form_row from (
    select rowid as form_row, unnest(list_transform(bad, x -> try_cast(x.sent as float))) as sent from form_typed where bad is not null) where sent = 4
) as b using (form_row)
group by f.site_no having sum(n_answered) >= 2000 and count(b.form_row) = 0 and min(list_min(v)) > 0
union all
select 'totals_look_like_means', 'query', site_no, 'site_total', 'LSAS', '', null, null, null
from form_check where n_answered = 0 and reported is not null group by site_no having count(*) >= 20 and max(reported) <= 3
union all
select 'missing_code_suspect', 'query', site_no, 'site_missing_code', 'LSASTOT|' || code, '', null, null, null
from form_check join (select unnest([99, 999]) as code) as c on abs(reported - code) <= 2
where n_answered = 0 group by site_no, code having count(*) filter (reported = code) >= 3 and 2 * count(*) filter (reported = code) > count(*);

-- a form that is not there, although nearly all others of the site have it and the participant came back
insert into finding
with given as (
    select distinct site_no, usubjid, 'LSAS' as instrument, visit, visit_order from form_check where n_answered > 0 or n_bad > 0 or reported is not null
    union all
    select distinct site_no, usubjid, 'SPD-S', visit, visit_order from item_all where severity is not null or severity_raw is not null
),
stay as (select site_no, usubjid, instrument, max(visit_order) as last_order, bool_or(visit = 'UNSCHEDULED') as is_unsure from given group by all),
due as (
    select s.*, v.visit, g.usubjid is not null as is_there, count(*) over n as n_due, count(g.usubjid) over n as n_there
    from stay as s join (select distinct site_no, instrument, visit, visit_order from given where visit <> 'UNSCHEDULED') as v
        on v.site_no = s.site_no and v.instrument = s.instrument and v.visit_order < s.last_order
    left join given as g on g.usubjid = s.usubjid and g.instrument = s.instrument and g.visit = v.visit
    window n as (partition by s.site_no, s.instrument, v.visit)
)
select distinct 'visit_missing', 'query', site_no, 'visit_gap', usubjid || '|' || instrument, '', null, null, null
from due where not is_there and not is_unsure and n_due > 10 and n_there >= 0.95 * (n_due - 1) and not (instrument = 'LSAS' and visit = 'BASELINE');

-- the course of the primary outcome: jumps, one answer all the way down, halves alike, sites that grow worse. 0-100, higher is worse
create table course as
select f.site_no, f.usubjid, f.form_row, f.visit, f.visit_order, f.total / 1.44 as pomp, f.n_answered, f.v, f.source_file, f.source_row,
    lag(pomp) over c as before, pomp - before as rise, pomp - lead(pomp) over c as fall, f.visit = 'BASELINE' as is_baseline,
    f.n_answered = 48 as is_whole, is_whole and f.v[1:24] = f.v[25:48] as is_alike,
from form_check as f
where f.is_told_apart and f.total is not null and f.visit <> 'UNSCHEDULED' and (not f.is_crowded or f.form_row in (select form_row from form_used where list_contains(nths, 1)))
window c as (partition by f.usubjid order by f.visit_order);

-- five lowest answers and more at the end, few before them and few among the same ones at the visit beside
create table stopped as
with edge as (
    select form_row, v, n_answered, list_min(v) as low, coalesce(lag(v) over c, lead(v) over c) as w, coalesce(lag(n_answered) over c, lead(n_answered) over c) as n_w
    from course
    window c as (partition by usubjid order by visit_order)
),
tail as (
    select *, list_position([x > low for x in list_reverse(v)], true) - 1 as r, len([x for x in v if x = low]) as k
    from edge where n_answered = 48 and v[48] = low and v[47] = low and v[46] = low and v[45] = low and v[44] = low and low < list_max(v)
)
select form_row from tail
where n_w = 48 and 2 * len([x for x in w[49 - r:48] if x = low]) <= r
    and lgamma(49 - r) - lgamma(k - r + 1) - lgamma(49) + lgamma(k + 1) <= ln(0.0001);

insert into finding
with site as (select site_no, count(*) filter (is_alike) as n_alike, count(*) filter (is_whole) as n_whole from course group by site_no),
own as (select usubjid, count(*) as n_own from course where is_alike group by usubjid),
counted as (
    select c.*, s.n_alike, s.n_whole, o.n_own, list_min(c.v) = list_max(c.v) as is_uniform
    from course as c join site as s using (site_no) left join own as o using (usubjid)
)
select told([
        case when rise >= 50 or (rise >= 40 and fall >= 40) or (rise <= -40 and fall <= -40) then 'score_jumps' end,
        case when n_answered >= 7 and is_uniform and case when pomp = 0 then is_baseline or coalesce(before >= 40, false) else n_answered >= 20 or pomp = 100 end then 'answers_uniform' end,
        case when form_row in (select form_row from stopped) then 'answers_stop' end,
        case when is_alike and n_whole >= 50 and 50 * n_alike <= n_whole and n_own = 1 and list_unique(v) >= 3 and pomp >= 20 then 'answers_halves_alike' end,
        case when is_whole and pomp >= 12.5 and 0 in (list_max(v[1:24]), list_max(v[25:48]), list_max(v[1:12] || v[25:36]), list_max(v[13:24] || v[37:48])) then 'answers_half_zero' end,
    ]), 'query', site_no, 'form', concat_ws('|', usubjid, 'LSAS', visit), '', null, source_file, source_row
from counted
union all
select 'halves_alike_site', 'query', site_no, 'site_score', '', '', null, null, null
from course group by site_no having count(*) filter (is_whole) >= 5 and 2 * count(*) filter (is_alike) >= count(*) filter (is_whole)
union all
select 'halves_against_site', 'query', site_no, 'site_score', '', '', null, null, null
from (select site_no, list_sum(v[1:24]) as a, list_sum(v[25:48]) as b from course where is_whole) group by site_no having count(*) >= 30 and corr(a, b) <= -0.4
union all
select 'scores_rise_site', 'query', site_no, 'site_score', '', '', null, null, null
from (select site_no, arg_max(pomp, visit_order) > arg_min(pomp, visit_order) as is_worse from course group by site_no, usubjid having count(*) > 1)
group by site_no having count(*) >= 8 and count(*) filter (is_worse) >= 0.8 * count(*);

-- baselines far below the next visit: of most at a site, or of the last in a file, where they are like the row above
insert into finding
with placed as (
    select *, case when lag(usubjid) over w <> usubjid then lag(pomp) over w end as above
    from course window w as (partition by site_no, source_file order by source_row, form_row)
),
begun as (
    select site_no, usubjid, list(pomp order by visit_order) as p, list(above order by visit_order)[1] as above, p[2] - p[1] as rise,
        arg_min(source_file, visit_order) as source_file, arg_min(source_row, visit_order) as source_row
    from placed group by site_no, usubjid having count(*) > 1 and arg_min(is_baseline, visit_order)
),
below as (
    select site_no, rise, sum(case when rise >= 10 and abs(p[1] - above) < rise then 1 else -1 end) over w as beyond
    from begun window w as (partition by site_no, source_file order by source_row desc, usubjid rows unbounded preceding)
)
select 'baseline_low_site', 'query', site_no, 'site_score', '', '', null, null, null
from below group by site_no having max(beyond) >= 3 or (count(*) >= 8 and count(*) filter (rise >= 10) >= 0.6 * count(*));

-- a severity half of the scale away from both visits beside it, eight times as far from their middle as is usual at the site
insert into finding
with course as (
    select site_no, usubjid, visit, source_file, source_row, (severity - lag(severity) over c) / 0.06 as b, (severity - lead(severity) over c) / 0.06 as a
    from item_one where is_used window c as (partition by usubjid order by visit_order)
),
placed as (
    select *, median(abs(a + b) / 2) over (partition by site_no) as usual, count(*) over (partition by site_no) as n
    from course where a is not null and b is not null
)
select 'scale_jumps', 'query', site_no, 'form', concat_ws('|', usubjid, 'SPD-S', visit), '', null, source_file, source_row
from placed where n >= 30 and a * b > 0 and least(abs(a), abs(b)) >= 50 - 1e-9 and abs(a + b) / 2 >= 8 * usual;

-- the other questionnaire grows worse in nearly all who change, while the primary outcome gets better in most
insert into finding
with main as (select usubjid, arg_max(pomp, visit_order) - arg_min(pomp, visit_order) as change from course group by usubjid having count(*) > 1),
other as (
    select site_no, usubjid, arg_max(severity, visit_order) - arg_min(severity, visit_order) as change
    from item_one where is_used group by all having count(*) > 1
),
counted as (
    select o.site_no, count(*) filter (o.change > 0) as n_worse, count(*) filter (o.change <> 0) as n, avg((m.change < 0)::int) as better
    from other as o join main as m using (usubjid) group by o.site_no
)
select 'scores_against_primary_site', 'query', site_no, 'site_scale', 'SPD-S', '', null, null, null
from counted where n >= 8 and n_worse >= 0.8 * n and better >= 0.6 and (2 * n_worse - n) ** 2 >= 9 * n;

-- two forms under each other's participant or visit: both off their course, each where the other is due, and nearer to the forms around there
insert into finding
with placed as (
    select *, lag(form_row) over c as before_row, lead(form_row) over c as after_row, (coalesce(rise, fall) + coalesce(fall, rise)) / 2 as off
    from course window c as (partition by usubjid order by visit_order)
),
usual as (select site_no, greatest(3, 1.4826 * median(abs(off))) as error from placed group by site_no having count(off) >= 50),
suspect as materialized (select p.*, u.error, p.pomp - p.off as due from placed as p join usual as u using (site_no) where abs(p.off) >= 3.5 * u.error),
pair as materialized (
    select a.form_row, b.form_row as other_row, greatest(abs(b.pomp - a.due), abs(a.pomp - b.due)) as misfit
    from suspect as a join suspect as b on a.site_no = b.site_no and a.form_row <> b.form_row
    where a.off * b.off < 0 and abs(b.pomp - a.due) <= 2 * a.error and abs(a.pomp - b.due) <= 2 * b.error
        and (a.usubjid <> b.usubjid and a.visit_order = b.visit_order
            or a.usubjid = b.usubjid and b.form_row is distinct from a.before_row and b.form_row is distinct from a.after_row)
),
around as (select form_row, unnest([before_row, after_row]) as near_row from suspect where form_row in (select form_row from pair)),
whole as materialized (select form_row, v::double[] as v from course where is_whole and (form_row in (select form_row from around) or form_row in (select near_row from around))),
apart as (
    select p.form_row, p.other_row, avg(list_distance(x.v, y.v) ** 2) filter (n.form_row = p.form_row) as own,
        avg(list_distance(x.v, y.v) ** 2) filter (n.form_row = p.other_row) as crossed,
    from pair as p join around as n on n.form_row in (p.form_row, p.other_row)
    join whole as x on x.form_row = p.form_row join whole as y on y.form_row = n.near_row group by all
),
closer as (
    select p.form_row, (a.own + b.own - a.crossed - b.crossed) / nullif(a.own + b.own, 0) as closer
    from pair as p join apart as a using (form_row, other_row) join apart as b on b.form_row = p.other_row and b.other_row = p.form_row
    qualify row_number() over (partition by p.form_row order by round(closer, 9) desc, p.misfit, p.other_row) = 1
)
select 'forms_exchanged', 'query', site_no, 'form_place', concat_ws('|', usubjid, 'LSAS', visit), '', null, source_file, source_row
from closer join course using (form_row) where round(closer, 9) >= 0.25;

-- forms whose answers go with another participant's other forms at one visit, and that one's with theirs, where people have their own way
create table way as
select site_no, usubjid, form_row, visit, visit_order, before_row, d, list_sum(d) as t, source_file, source_row
from (select *, v::double[] as d, lag(form_row) over (partition by usubjid order by visit_order) as before_row from course)
where is_whole and list_min(d) < list_max(d);

create table told_place as select * from finding where rule = 'forms_exchanged';

insert into finding
with person as (
    select site_no, usubjid, row_number() over (partition by site_no order by usubjid::varchar) as no
    from (select distinct site_no, usubjid from (select *, row_number() over (partition by usubjid order by visit_order) as n from course) where n > 1)
),
few as materialized (select w.*, p.no, p.no % 16 + 1 as next_no from way as w join person as p using (usubjid) where p.no <= 16),
usual as (
    select a.site_no, median(list_distance(a.d, b.d) ** 2 - (a.t - b.t) ** 2 / 48) as usual, median(list_distance(a.d, o.d) ** 2 - (a.t - o.t) ** 2 / 48) / nullif(usual, 0) as ratio
    from few as a join few as b on b.form_row = a.before_row
    join few as o on o.site_no = a.site_no and o.visit_order = b.visit_order and o.no = a.next_no
    group by a.site_no having count(*) >= 25 and ratio >= 1.4
),
mine as materialized (select w.*, u.usual from way as w join usual as u using (site_no)),
step as materialized (
    select a.form_row, a.before_row, list_distance(a.d, b.d) ** 2 - (a.t - b.t) ** 2 / 48 as apart from mine as a join mine as b on b.form_row = a.before_row
),
own as (select form_row, avg(apart) as apart from (select form_row, apart from step union all select before_row, apart from step) group by form_row),
suspect as materialized (
    select m.site_no, m.usubjid, m.form_row, m.visit_order from mine as m join own as o using (form_row) where o.apart >= 1.2 * m.usual
    qualify row_number() over (partition by m.site_no, m.visit_order order by round(o.apart, 6) desc, m.form_row) <= 16
),
beside as materialized (
    select a.form_row, b.form_row as other_row, avg(list_distance(x.d, y.d) ** 2 - (x.t - y.t) ** 2 / 48) as apart
    from suspect as a join suspect as b on b.site_no = a.site_no and b.visit_order = a.visit_order
    join mine as x on x.form_row = a.form_row join mine as y on y.usubjid = b.usubjid and y.visit_order <> a.visit_order
    group by all
),
closer as (
    select p.form_row, p.other_row from beside as p join beside as q on q.form_row = p.other_row and q.other_row = p.form_row
    join beside as a on a.form_row = p.form_row and a.other_row = p.form_row join beside as b on b.form_row = p.other_row and b.other_row = p.other_row
    where p.form_row <> p.other_row and round((a.apart + b.apart - p.apart - q.apart) / (a.apart + b.apart), 9) >= 0.25
),
item as (
    select c.form_row, c.other_row, s.form_row = c.form_row as is_own, m.visit_order = s.visit_order as is_here, unnest(m.d) as v, unnest(range(48)) as i
    from closer as c join suspect as s on s.form_row in (c.form_row, c.other_row) join mine as m using (usubjid)
),
level as (
    select form_row, other_row, i, avg(v) filter (is_here and is_own) - avg(v) filter (is_here and not is_own) as here,
        avg(v) filter (not is_here and not is_own) - avg(v) filter (not is_here and is_own) as elsewhere
    from item group by all
),
crossed as (select form_row from level group by form_row, other_row having isfinite(corr(here, elsewhere)) and round(corr(here, elsewhere) * sqrt(48), 9) >= 3.5)
select distinct 'answers_exchanged', 'query', w.site_no, 'form_crossing', concat_ws('|', w.usubjid, 'LSAS', w.visit), '', null::varchar, w.source_file, w.source_row
from crossed join way as w using (form_row)
where not exists (from told_place as t where t.source_file = w.source_file and t.source_row = w.source_row);
