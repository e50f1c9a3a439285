-- Columns sorted, dragged down or moved beside the others. Reads subject, event, medication_kept, rating, item_all.
create table column_cell as
with sent as (
    select site_no, usubjid, source_file, source_row, 'subject' as t, unnest([{{'c': 'age', 'v': lpad(round(age_years * 1000)::bigint::varchar, 12, '0')}},
        {{'c': 'weight', 'v': lpad(round(weight_kg * 1000)::bigint::varchar, 12, '0')}}, {{'c': 'sex', 'v': sex::varchar}}]) as x
    from subject
    union all
    select site_no, usubjid, source_file, source_row, 'event', unnest([{{'c': 'text', 'v': verbatim::varchar}}, {{'c': 'severity', 'v': severity::varchar}}, {{'c': 'day', 'v': start_dtc::varchar}}, {{'c': 'series', 'v': start_dtc::varchar}}])
    from event
    union all
    select site_no, usubjid, source_file, source_row, 'medication', unnest([{{'c': 'text', 'v': verbatim::varchar}}, {{'c': 'day', 'v': start_dtc::varchar}}, {{'c': 'series', 'v': start_dtc::varchar}}]) from medication_kept
    union all
    select site_no, usubjid, source_file, source_row, 'rating', unnest([{{'c': 'begin', 'v': lpad(round(begin_suds * 100)::bigint::varchar, 8, '0')}},
        {{'c': 'peak', 'v': lpad(round(peak_suds * 100)::bigint::varchar, 8, '0')}}, {{'c': 'end', 'v': lpad(round(end_suds * 100)::bigint::varchar, 8, '0')}}])
    from rating where (site_no, source_file) in (
        select (site_no, source_file) from rating group by all
        having greatest(abs(corr(source_row, begin_suds)), abs(corr(source_row, peak_suds)), abs(corr(source_row, end_suds))) > 0.5)
    union all
    select site_no, usubjid, source_file, source_row, 'spds', {{'c': 'value', 'v': severity::int::varchar}} from item_all where severity is not null
),
value as (
    -- a series of days: each less its row's number is one day
    select * exclude (x), case when x.c = 'series'
            then {{'c': 'series', 'v': (x.v::date - (row_number() over (partition by site_no, source_file, t, x.c order by source_row))::int)::varchar}} else x end as x
    from sent where x.c <> 'series' or len(x.v) = 10
)
select *, lag(usubjid::varchar) over f as who_above, lag(x.v) over f as v_above, count(*) over k as n_same,
from value where x.v is not null and (x.c <> 'day' or (len(x.v) = 10 and x.v[-2:] <> '01'))
window f as (partition by site_no, source_file, t, x.c order by source_row), k as (partition by site_no, source_file, t, x.c, lower(x.v));

create table column_orderly as
select site_no, source_file, t, x.c as c, count(*) as n,
    (bool_and(lower(x.v) >= lower(v_above)) or bool_and(lower(x.v) <= lower(v_above)) or bool_and(x.v >= v_above) or bool_and(x.v <= v_above))
        and x.c not in ('day', 'series') and count(distinct usubjid) >= 8 and lgamma(count(*) + 1) - sum(lgamma(n_same + 1) / n_same) >= 12 as is_sorted,
from column_cell group by site_no, source_file, t, x.c having bool_and(usubjid::varchar >= who_above);

create table column_run as
with step as (
    select v.*, o.n, sum((lower(v.x.v) is distinct from lower(v.v_above))::int) over (partition by v.site_no, v.source_file, v.t, v.x.c order by v.source_row) as run
    from column_cell as v join column_orderly as o on o.site_no = v.site_no and o.source_file = v.source_file and o.t = v.t and o.c = v.x.c
    where o.t <> 'subject' and o.c in ('text', 'day', 'series')
)
select site_no, source_file, t, x.c as c, min(source_row) as first_row, max(source_row) as last_row, count(*) as k,
    count(distinct usubjid) >= 4 and any_value(n) * least((any_value(n_same) - count(*) + 0.5) / (any_value(n) - count(*) + 1), 1) ^ (count(*) - 1) <= 0.0001 as is_odd
from step group by site_no, source_file, t, x.c, run having count(*) > 3;

insert into finding
select case when r.k is null then 'column_sorted' else 'column_filled_down' end, 'query', v.site_no, 'column_order', v.usubjid, v.x.c, null, v.source_file, v.source_row
from column_cell as v join column_orderly as o on o.site_no = v.site_no and o.source_file = v.source_file and o.t = v.t and o.c = v.x.c
left join column_run as r on r.site_no = v.site_no and r.source_file = v.source_file and r.t = v.t and r.c = v.x.c and v.source_row between r.first_row and r.last_row
where coalesce(r.is_odd, o.is_sorted)
qualify row_number() over (partition by v.site_no, v.source_file, v.t, v.source_row, replace(v.x.c, 'series', 'day') order by r.k desc) = 1;

insert into finding
with dated as (
    select e.site_no, e.usubjid, e.source_file, e.source_row, e.start_dtc::date as d, s.consented_on as a, s.randomized_on + 196 as b
    from event as e join subject as s using (usubjid) where len(e.start_dtc) = 10 and s.consented_on is not null and s.randomized_on is not null
),
other as (
    select usubjid, lag(consented_on) over p as a_prev, lag(randomized_on) over p + 196 as b_prev, lead(consented_on) over p as a_next, lead(randomized_on) over p + 196 as b_next
    from subject window p as (partition by site_no order by subject_id)
),
off as (
    select e.*, d not between a and b as own, [d not between lag(a) over f and lag(b) over f, d not between lead(a) over f and lead(b) over f,
        d not between a_prev and b_prev, d not between a_next and b_next] as by_other
    from dated as e join other using (usubjid) window f as (partition by e.site_no, e.source_file order by e.source_row)
)
select 'events_moved', 'query', site_no, 'event_course', usubjid, '', null, source_file, source_row
from (select *, count(*) over f as n, count(*) filter (own) over f as n_own, least(count(*) filter (by_other[1]) over f, count(*) filter (by_other[2]) over f,
        count(*) filter (by_other[3]) over f, count(*) filter (by_other[4]) over f) as n_best from off window f as (partition by site_no, source_file))
where n_own >= 4 and n_own >= 0.2 * n and n_best <= 0.25 * n_own;
