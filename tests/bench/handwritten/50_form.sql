-- form_key, form, item_one: questionnaires, wide; form_all and item_all have those that another one stands for, too. Reads form_typed (items already numbers, faulty cells apart), subject, visit.
create macro of_form(d) as case when d < date '1990-01-01' then 'date_too_early' when d > today() + 1 then 'assessment_in_future' end;

-- a row without any answer, total and date says nothing
create view form_sent as select rowid as form_row, * from form_typed where total is not null or bad is not null or date is not null or coalesce({items}) is not null;

create table form_key_typed as
select
    t.form_row, f.site_no, f.source_file, t.form_row - f.first_row + 1 as source_row,
    person(t.subject) as subject_id, is_decimal_id(t.subject) as is_id_decimal, s.usubjid, s.randomized_on, v.visit, v.visit_order, v.target_day, v.from_day, v.to_day,
    whole_date(t.date) as date_sent, of_form(date_sent) as date_limit, case when date_limit is null then date_sent end as assessed_on, t.visit as visit_raw, t.date as date_raw,
    case when t.subject is null then 'key_missing' when s.subject_id is null then 'unknown_subject' end as reason,
    coalesce(v.visit::varchar, lower(t.visit), '') as visit_key, coalesce(date_sent::varchar, t.date, '') as date_key,
from form_sent as t
join (select f.file_index, f.site_no, f.source_file, min(t.rowid) as first_row
    from form_typed as t join sent_file as f on f.file_index = t.file_index and f.table_name = 'lsas' group by all) as f using (file_index)
left join subject as s on s.site_no = f.site_no and s.subject_id = person(t.subject)
left join visit as v on v.label = lower(t.visit);

create table form_dup as
with twice as (
    select usubjid, visit_key, date_key from form_key_typed where reason is null and (visit_key <> '' or date_key <> '') group by all having count(*) > 1
)
select k.usubjid, k.visit_key, k.date_key, count(distinct hash(t.items_hashed)) > 1 as is_conflict, min(k.source_row) as first_row,
    -- of equal answers with unlike totals the answers are kept
    count(distinct t.total) > 1 as is_total_conflict,
from twice join form_key_typed as k using (usubjid, visit_key, date_key)
join (select rowid as form_row, total, row({items}, bad) as items_hashed from form_typed
    where rowid in (select form_row from form_key_typed join twice using (usubjid, visit_key, date_key))) as t using (form_row)
where k.reason is null group by all;

-- a label that nobody knows: the day decides, the nearest target of the windows it lies in
create table form_visit as
select k.form_row, arg_min(v, (abs(off_target(study_day(k.assessed_on, k.randomized_on), v.target_day)), v.target_day, v.visit_order)) as v
from (select form_row, assessed_on, randomized_on from form_key_typed where visit is null and reason is null) as k
join visit as v on study_day(k.assessed_on, k.randomized_on) between v.from_day and v.to_day
group by all;

create table form_key as
select
    k.form_row, k.site_no, k.usubjid, coalesce(k.visit, p.v.visit, 'UNSCHEDULED'::visit_t) as visit, coalesce(k.visit_order, p.v.visit_order) as visit_order,
    k.assessed_on, k.source_file, k.source_row, coalesce(k.target_day, p.v.target_day) as target_day, coalesce(k.from_day, p.v.from_day) as from_day, coalesce(k.to_day, p.v.to_day) as to_day,
    study_day(k.assessed_on, k.randomized_on) as study_day, study_day(k.assessed_on, k.randomized_on) not between k.from_day and k.to_day as is_out_of_window,
    off_target(study_day(k.assessed_on, k.randomized_on), coalesce(k.target_day, p.v.target_day)) as target_diff,
    coalesce(d.is_total_conflict, false) as is_total_conflict, coalesce(k.date_sent::varchar, k.date_raw) as date_key, k.visit_raw is not null and k.visit is null as is_label_unknown, k.date_raw is null as is_undated,
from form_key_typed as k
left join form_dup as d on d.usubjid = k.usubjid and d.visit_key = k.visit_key and d.date_key = k.date_key
left join form_visit as p using (form_row)
where k.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = k.source_row));

create table form_all as
with added as (
    select
        k.*, case when not k.is_total_conflict then number(t.total) end as reported, case when not k.is_total_conflict then t.total end as reported_raw, [{items}]::float[] as item_values,
        {sum_fear_performance} as s_pf, {sum_fear_social} as s_sf, {sum_avoid_performance} as s_pa, {sum_avoid_social} as s_sa,
        {n_fear_performance} as n_pf, {n_fear_social} as n_sf, {n_avoid_performance} as n_pa, {n_avoid_social} as n_sa,
    from form_typed as t join form_key as k on k.form_row = t.rowid
),
answers as (
    -- two of one visit and date cannot be told apart: the fuller one stands for both
    select *, count(*) over (partition by usubjid, visit) as n_in_visit, n_in_visit > 1 as is_crowded,
        row_number() over (partition by usubjid, visit, assessed_on order by n_pf + n_sf + n_pa + n_sa desc, source_row) = 1 as is_told_apart,
    from added
),
halves as (
    select *, prorated(s_pf + s_sf, n_pf + n_sf, 24) as fear, prorated(s_pa + s_sa, n_pa + n_sa, 24) as avoid from answers
)
select
    * exclude (s_pf, s_sf, s_pa, s_sa, n_pf, n_sf, n_pa, n_sa, fear, avoid), fear + avoid as total,
    [fear + avoid, fear, avoid, prorated(s_pf, n_pf, 13), prorated(s_pa, n_pa, 13), prorated(s_sf, n_sf, 11), prorated(s_sa, n_sa, 11)]::double[] as scores,
    [n_pf + n_sf + n_pa + n_sa, n_pf + n_sf, n_pa + n_sa, n_pf, n_pa, n_sf, n_sa]::utinyint[] as answered,
from halves
order by usubjid, visit_order, assessed_on nulls last, source_row;

create view form as select * from form_all where is_told_apart;

-- of several administrations of a visit the nearest to its target is used, parameter by parameter, where it has a score
create table form_used as
with of_visit as (
    select form_row, usubjid, visit, target_diff, assessed_on, source_row, unnest(scores) as aval, generate_subscripts(scores, 1) as nth from form where is_crowded
)
select form_row, list(nth) as nths from (
    select form_row, nth from of_visit where aval is not null and visit <> 'UNSCHEDULED'
    qualify row_number() over (partition by usubjid, visit, nth order by abs(target_diff) nulls last, assessed_on nulls last, source_row) = 1
) group by form_row;

create table spds_typed as
with read_once as (
    select
        x.site_no, x.source_file, x.source_row, person(x.subject) as subject_id, is_decimal_id(x.subject) as is_id_decimal, s.usubjid, s.randomized_on,
        v.visit as label_visit, v.visit_order, v.target_day, v.from_day, v.to_day, whole_date(x.date) as date_sent, of_form(date_sent) as date_limit,
        case when date_limit is null then date_sent end as assessed_on, number(x.severity) as sent,
        case when sent between 1 and 7 and sent = floor(sent) then sent end as severity, x.visit as visit_raw, x.date as date_raw, x.severity as severity_raw,
        case when x.subject is null then 'key_missing' when s.subject_id is null then 'unknown_subject' end as reason,
        coalesce(v.visit::varchar, lower(x.visit)) as visit_key, coalesce(date_sent::varchar, x.date) as date_key,
    from sent_spds as x
    left join subject as s on s.site_no = x.site_no and s.subject_id = person(x.subject)
    left join visit as v on v.label = lower(x.visit)
),
placed as (
    select r.source_file, r.source_row, arg_min(v.visit, (abs(off_target(study_day(r.assessed_on, r.randomized_on), v.target_day)), v.target_day)) as visit
    from read_once as r join visit as v on study_day(r.assessed_on, r.randomized_on) between v.from_day and v.to_day
    where r.label_visit is null and r.reason is null group by all
)
select
    r.* replace (coalesce(r.visit_order, v.visit_order) as visit_order, coalesce(r.target_day, v.target_day) as target_day,
        coalesce(r.from_day, v.from_day) as from_day, coalesce(r.to_day, v.to_day) as to_day),
    coalesce(r.label_visit, p.visit, 'UNSCHEDULED'::visit_t) as visit, coalesce(r.visit_key, r.date_key) is not null as is_keyed,
    case when is_keyed then row_number() over same_key else 1 end as copy_no,
    is_keyed and min(coalesce(r.severity_raw, '')) over every_copy <> max(coalesce(r.severity_raw, '')) over every_copy as is_conflict,
from read_once as r
left join placed as p using (source_file, source_row)
left join visit as v on v.visit = p.visit
window
    same_key as (partition by r.site_no, r.subject_id, r.visit_key, r.date_key order by r.source_row),
    every_copy as (partition by r.site_no, r.subject_id, r.visit_key, r.date_key);

create table item_all as
select
    site_no, usubjid, visit, visit_order, assessed_on, severity, source_file, source_row, target_day, from_day, to_day,
    study_day(assessed_on, randomized_on) as study_day, off_target(study_day, target_day) as target_diff,
    label_visit is not null and study_day not between from_day and to_day as is_out_of_window, severity_raw, visit_raw is not null and label_visit is null as is_label_unknown,
    date_raw is null as is_undated, count(*) over (partition by usubjid, visit) as n_in_visit,
    row_number() over (partition by usubjid, visit, assessed_on order by severity is not null desc, source_row) = 1 as is_told_apart,
    severity is not null and visit <> 'UNSCHEDULED'
        and row_number() over (partition by usubjid, visit, severity is not null order by abs(target_diff) nulls last, assessed_on nulls last, source_row) = 1 as is_used,
from spds_typed where reason is null and copy_no = 1 and not is_conflict
order by usubjid, visit_order, assessed_on nulls last, source_row;

create view item_one as select * from item_all where is_told_apart;

insert into finding
with cells as (
    select k.*, unnest(t.bad, recursive := true)
    from form_typed as t join form_key_typed as k on k.form_row = t.rowid join form_key as kept on kept.form_row = t.rowid where t.bad is not null
)
select answer_fault(sent), 'withhold', site_no, 'form',
    concat_ws('|', subject_id, 'LSAS', visit_raw, date_raw), item, sent, source_file, source_row
from cells where sent is not null and coalesce(number(sent) not in (0, 1, 2, 3), true)
union all
select
    coalesce(k.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when k.reason is not null or d.is_conflict then 'reject' else 'drop' end, k.site_no, 'form',
    concat_ws('|', k.subject_id, 'LSAS', k.visit_raw, k.date_raw), '', null, k.source_file, k.source_row
from form_key_typed as k
left join form_dup as d on d.usubjid = k.usubjid and d.visit_key = k.visit_key and d.date_key = k.date_key
where k.reason is not null or d.is_conflict or d.first_row <> k.source_row
union all
select coalesce(k.date_limit, date_fault(k.date_raw)), 'withhold', k.site_no, 'form', concat_ws('|', k.subject_id, 'LSAS', k.visit_raw, k.date_raw), 'assessed_on', k.date_raw,
    k.source_file, k.source_row
from form_key_typed as k join form_key as kept using (form_row) where k.assessed_on is null and k.date_raw is not null
union all
select 'unreadable', 'withhold', site_no, 'form', concat_ws('|', usubjid, 'LSAS', visit), 'LSASTOT', reported_raw, source_file, source_row
from form_all where reported is null and reported_raw is not null
union all
select 'duplicate_conflict', 'reject', k.site_no, 'total', concat_ws('|', k.subject_id, 'LSAS', k.visit_raw, k.date_raw), 'LSASTOT', null, k.source_file, k.source_row
from form_key_typed as k join form_dup as d using (usubjid, visit_key, date_key) where k.reason is null and d.is_total_conflict and not d.is_conflict
union all
select 'id_decimal', 'note', k.site_no, 'form', k.subject_id, 'subject_id', null, k.source_file, k.source_row
from form_key_typed as k join form_key as kept using (form_row) where k.is_id_decimal
union all
select answer_fault(severity_raw), 'withhold', site_no, 'item',
    concat_ws('|', subject_id, 'SPD-S', visit_raw, date_raw), 'SPDS', severity_raw, source_file, source_row
from spds_typed where severity_raw is not null and severity is null and reason is null and copy_no = 1 and not is_conflict
union all
select coalesce(date_limit, date_fault(date_raw)), 'withhold', site_no, 'item', concat_ws('|', subject_id, 'SPD-S', visit_raw, date_raw), 'assessed_on', date_raw, source_file, source_row
from spds_typed where assessed_on is null and date_raw is not null and reason is null and copy_no = 1 and not is_conflict
union all
select 'id_decimal', 'note', site_no, 'item', subject_id, 'subject_id', null, source_file, source_row
from spds_typed where is_id_decimal and reason is null and copy_no = 1 and not is_conflict
union all
select coalesce(reason, case when is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when reason is not null or is_conflict then 'reject' else 'drop' end, site_no, 'item',
    concat_ws('|', subject_id, 'SPD-S', visit_raw, date_raw), '', null, source_file, source_row
from spds_typed where reason is not null or is_conflict or copy_no > 1;
