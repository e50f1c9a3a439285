-- form_key, form, item_one: questionnaires, wide. Reads form_typed (items already numbers, faulty cells apart), subject, visit.
create table form_key_typed as
select
    t.rowid as form_row, f.site_no, f.source_file, t.rowid - f.first_row + 1 as source_row,
    nullif(trim(t.subject), '') as subject_id, s.usubjid, s.randomized_on, v.visit, v.visit_order, v.target_day, v.from_day, v.to_day,
    coalesce(v.visit, 'UNSCHEDULED'::visit_t) as avisit, try_cast(trim(t.date) as date) as assessed_on, t.visit as visit_raw, t.date as date_raw,
    case
        when trim(t.subject) is null or (t.visit is null and t.date is null) then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when v.visit is null and assessed_on is null then date_fault(t.date)
    end as reason, coalesce(assessed_on::varchar, t.date, '') as date_key,
from form_typed as t
join (select f.file_index, f.site_no, f.source_file, min(t.rowid) as first_row
    from form_typed as t join sent_file as f on f.file_index = t.file_index and f.table_name = 'lsas' group by all) as f using (file_index)
left join subject as s on s.site_no = f.site_no and s.subject_id = trim(t.subject)
left join visit as v on v.label = trim(t.visit);

create table form_dup as
with twice as (
    select usubjid, avisit, date_key from form_key_typed where reason is null group by all having count(*) > 1
)
select k.usubjid, k.avisit, k.date_key, count(distinct hash(t.items_hashed)) > 1 as is_conflict, min(k.source_row) as first_row
from twice join form_key_typed as k using (usubjid, avisit, date_key)
join (select rowid as form_row, row({items}, total) as items_hashed from form_typed
    where rowid in (select form_row from form_key_typed join twice using (usubjid, avisit, date_key))) as t using (form_row)
where k.reason is null group by all;

create table form_key as
select
    k.form_row, k.site_no, k.usubjid, k.avisit as visit, k.visit_order, k.assessed_on, k.source_file, k.source_row,
    k.target_day, k.from_day, k.to_day, study_day(k.assessed_on, k.randomized_on) as study_day,
    study_day(k.assessed_on, k.randomized_on) not between k.from_day and k.to_day as is_out_of_window,
    off_target(study_day(k.assessed_on, k.randomized_on), k.target_day) as target_diff, coalesce(k.assessed_on::varchar, k.date_raw) as date_key,
from form_key_typed as k
left join form_dup as d on d.usubjid = k.usubjid and d.avisit = k.avisit and d.date_key = k.date_key
where k.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = k.source_row));

create table form as
with added as (
    select
        k.*, try_cast(trim(t.total) as double) as reported, [{items}]::float[] as item_values,
        {sum_fear_performance} as s_pf, {sum_fear_social} as s_sf, {sum_avoid_performance} as s_pa, {sum_avoid_social} as s_sa,
        {n_fear_performance} as n_pf, {n_fear_social} as n_sf, {n_avoid_performance} as n_pa, {n_avoid_social} as n_sa,
    from form_typed as t join form_key as k on k.form_row = t.rowid
),
answers as (
    -- two of one visit and date cannot be told apart: the fuller one stays
    select *, count(*) over (partition by usubjid, visit) > 1 as is_crowded,
    from added
    qualify row_number() over (partition by usubjid, visit, assessed_on order by n_pf + n_sf + n_pa + n_sa desc, source_row) = 1
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
select
    x.site_no, x.source_file, x.source_row, nullif(trim(x.subject), '') as subject_id, s.usubjid, s.randomized_on,
    coalesce(v.visit, 'UNSCHEDULED'::visit_t) as visit, v.visit_order, v.target_day, v.from_day, v.to_day,
    try_cast(trim(x.date) as date) as assessed_on, try_cast(trim(x.severity) as double) as sent,
    case when try_cast(trim(x.severity) as double) between 1 and 7 then try_cast(trim(x.severity) as double) end as severity,
    x.visit as visit_raw, x.date as date_raw, x.severity as severity_raw, row_number() over same_key as copy_no,
    min(coalesce(x.severity, '')) over every_copy <> max(coalesce(x.severity, '')) over every_copy as is_conflict,
    case
        when trim(x.subject) is null or (x.visit is null and x.date is null) then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when v.visit is null and try_cast(trim(x.date) as date) is null then date_fault(x.date)
    end as reason,
from sent_spds as x
left join subject as s on s.site_no = x.site_no and s.subject_id = trim(x.subject)
left join visit as v on v.label = trim(x.visit)
window
    same_key as (partition by x.site_no, x.subject, x.visit, x.date order by x.source_row),
    every_copy as (partition by x.site_no, x.subject, x.visit, x.date);

create table item_one as
select
    site_no, usubjid, visit, visit_order, assessed_on, severity, source_file, source_row, target_day, from_day, to_day,
    study_day(assessed_on, randomized_on) as study_day, off_target(study_day, target_day) as target_diff,
    study_day not between from_day and to_day as is_out_of_window,
    severity is not null and visit <> 'UNSCHEDULED'
        and row_number() over (partition by usubjid, visit, severity is not null order by abs(target_diff) nulls last, assessed_on nulls last, source_row) = 1 as is_used,
from spds_typed where reason is null and copy_no = 1 and not is_conflict
order by usubjid, visit_order, assessed_on nulls last, source_row;

insert into finding
with cells as (
    select k.*, unnest(t.bad, recursive := true) from form_typed as t join form_key_typed as k on k.form_row = t.rowid where t.bad is not null
)
select case when try_cast(sent as float) is null then 'unreadable' else 'out_of_scale' end, 'withhold', site_no, 'form',
    concat_ws('|', subject_id, 'LSAS', visit_raw, date_raw), item, sent, source_file, source_row
from cells where sent is not null and (try_cast(sent as float) is null or try_cast(sent as float) not between 0 and 3)
union all
select
    coalesce(k.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when k.reason is not null or d.is_conflict then 'reject' else 'drop' end, k.site_no, 'form',
    concat_ws('|', k.subject_id, 'LSAS', k.visit_raw, k.date_raw), case when k.reason in ('impossible_date', 'unreadable') then 'assessed_on' else '' end,
    case when k.reason in ('impossible_date', 'unreadable') then k.date_raw end, k.source_file, k.source_row
from form_key_typed as k
left join form_dup as d on d.usubjid = k.usubjid and d.avisit = k.avisit and d.date_key = k.date_key
where k.reason is not null or d.is_conflict or d.first_row <> k.source_row
union all
select date_fault(date_raw), 'withhold', site_no, 'form', concat_ws('|', subject_id, 'LSAS', visit_raw, date_raw), 'assessed_on', date_raw, source_file, source_row
from form_key_typed where reason is null and assessed_on is null and date_raw is not null
union all
select 'total_differs', 'query', site_no, 'form', concat_ws('|', usubjid, 'LSAS', visit, assessed_on), 'LSASTOT', reported::varchar, source_file, source_row
from form where answered[1] = 48 and reported <> total
union all
select case when sent is null then 'unreadable' else 'out_of_scale' end, 'withhold', site_no, 'item',
    concat_ws('|', subject_id, 'SPD-S', visit_raw, date_raw), 'SPDS', severity_raw, source_file, source_row
from spds_typed where severity_raw is not null and severity is null
union all
select coalesce(reason, case when is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when reason is not null or is_conflict then 'reject' else 'drop' end, site_no, 'item',
    concat_ws('|', subject_id, 'SPD-S', visit_raw, date_raw), '', null, source_file, source_row
from spds_typed where reason is not null or is_conflict or copy_no > 1;
