-- Answers and ratings moved by a row of the file: a participant's first row like the row above, from some participant on. Reads form_check, item_all, rated.
create table file_line as
select site_no, 'LSAS' as kind, usubjid, source_row, v::double[] as v, epoch(assessed_on) as place from form_check where n_answered = 48
union all
select site_no, 'SPD-S', usubjid, source_row, [severity::double], epoch(assessed_on) from item_all where severity is not null
union all
select site_no, 'SUDS', usubjid, source_row, [b, p, e], session_no from rated where b is not null and p is not null and e is not null;

insert into finding
with placed as (
    select site_no, kind, usubjid, rowid as line, row_number() over f as n, usubjid is distinct from lag(usubjid) over f as is_new,
        case when usubjid = lag(usubjid) over f then place - lag(place) over f end as step
    from file_line window f as (partition by site_no, kind order by source_row)
),
numbered as (select *, sum(is_new::int) over (partition by site_no, kind order by n) as no from placed),
block as (select site_no, kind, no, usubjid, min(n) as first, count(*) as n, count(*) filter (step > 0) as later, count(*) filter (step < 0) as earlier from numbered group by all),
orderly as (
    select site_no, kind, 10 * least(sum(later), sum(earlier)) <= sum(later + earlier) as in_order
    from block group by all having count(*) filter (n > 1) <= 1.5 * count(distinct usubjid) and count(distinct usubjid) > 6
),
edge as (
    select b.site_no, b.kind, b.first, a.first as above_first, a.n > 3 and b.n > 3 as has_middle
    from block as b join orderly using (site_no, kind) join block as a on a.site_no = b.site_no and a.kind = b.kind and a.no + 1 = b.no
    where a.n > 1 and b.n > 1
),
needed as (
    select site_no, kind, first, unnest([first - 2, first - 1, first, first + 1, first + 2, above_first + 1]) as n, unnest(range(1, 7)) as role
    from edge
),
shown as (
    select e.site_no, e.kind, e.first, any_value(l.v) filter (e.role = 1) as z, any_value(l.v) filter (e.role = 2) as y, any_value(l.v) filter (e.role = 3) as x,
        any_value(l.v) filter (e.role = 4) as w, any_value(l.v) filter (e.role = 5) as third, any_value(l.v) filter (e.role = 6) as other,
    from needed as e join placed as p using (site_no, kind, n) join file_line as l on l.rowid = p.line group by all
),
apart as (
    select s.site_no, s.kind, s.first, len(x) as k, list_distance(x, y) ** 2 as across, list_distance(x, w) ** 2 as below, list_distance(y, z) ** 2 as above,
        case when e.has_middle then list_distance(w, third) ** 2 end as within, case when e.has_middle then list_distance(w, other) ** 2 end as between_two,
    from shown as s join edge as e using (site_no, kind, first)
),
way as (select *, 1 as way, below as own, above as inside from apart union all select *, 2, above, below from apart),
nearer as (
    select *, sum(between_two) over f / nullif(sum(within) over f, 0) as person_ratio, greatest(0.02 * avg(own + inside) over f, 1e-6) as least,
        greatest(-2.5, least(2.5, ln((own + least) / (across + least)))) - 0.1 as near,
    from way where own + inside + across > 0 window f as (partition by site_no, kind, way)
),
summed as (
    select *, round(sum(near) over t, 6) as nearness, avg(across) over t as m_across, avg(own) over t as m_own, avg(inside) over t as m_inside, count(*) over t as n
    from nearer window t as (partition by site_no, kind, way order by first rows between current row and unbounded following)
),
best as (select * from summed qualify row_number() over (partition by site_no, kind, way order by nearness desc, first) = 1)
select 'rows_shifted_site', 'query', site_no, 'row_shift', kind, '', null, null, null
from best join orderly using (site_no, kind)
where n >= 6 and (k >= 5 or person_ratio >= 1.4 and in_order) and nearness >= 8 and nearness >= case when k >= 5 then 0.15 else 0.5 end * n
    and m_across <= 1.5 * m_inside and m_own >= 1.4 * m_across and m_own >= 1.4 * m_inside;
