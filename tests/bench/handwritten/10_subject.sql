-- subject, withdrawal: who takes part. Reads raw_subjects, raw_withdrawals.
create table subject_typed as
select
    site_no, timezone, source_file, source_row,
    nullif(trim(subject), '') as subject_id,
    case when try_cast(trim(age) as double) between 0 and 110 then try_cast(trim(age) as double) end as age_years,
    case when trim(sex) in ('F', 'M') then trim(sex) end as sex,
    case when try_cast(trim(weight) as double) between 10 and 300 then try_cast(trim(weight) as double) end as weight_kg,
    try_cast(trim(consent) as date) as consented_on,
    try_cast(trim(randomized) as date) as randomized_on,
    age as age_raw, sex as sex_raw, weight as weight_raw, consent as consent_raw, randomized as randomized_raw,
    hash(age, sex, weight, consent, randomized) as row_hash,
from sent_subjects;

create table subject_dup as
select site_no, subject_id, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from subject_typed group by all having count(*) > 1;

create table withdrawal_typed as
select
    w.site_no, w.source_file, w.source_row, nullif(trim(w.subject), '') as subject_id,
    try_cast(trim(w.date) as date) as withdrawn_on, w.date as date_raw, s.subject_id is not null as is_known,
    row_number() over (partition by w.site_no, trim(w.subject) order by w.source_row) as copy_no,
    count(distinct coalesce(w.date, '')) over (partition by w.site_no, trim(w.subject)) > 1 as is_conflict,
from sent_withdrawals as w
left join (select distinct site_no, subject_id from subject_typed) as s
    on s.site_no = w.site_no and s.subject_id = trim(w.subject);

create type usubjid_t as enum (
    select distinct '{study}-' || i.site || '-' || s.subject_id
    from subject_typed as s join site as i using (site_no)
    where s.subject_id is not null order by all
);

create table subject as
select
    s.site_no, i.site, s.timezone, s.subject_id, ('{study}-' || i.site || '-' || s.subject_id)::usubjid_t as usubjid,
    s.age_years, s.sex, s.weight_kg, s.consented_on, s.randomized_on, w.withdrawn_on, w.subject_id is not null as is_withdrawn,
    s.source_file, s.source_row,
from subject_typed as s
join site as i using (site_no)
left join subject_dup as d on d.site_no = s.site_no and d.subject_id = s.subject_id
left join withdrawal_typed as w
    on w.site_no = s.site_no and w.subject_id = s.subject_id and w.copy_no = 1 and not w.is_conflict
where s.subject_id is not null and (d.subject_id is null or (not d.is_conflict and d.first_row = s.source_row));

insert into finding
with faults as (
    select site_no, source_file, source_row, subject_id as key, unnest([
        case when weight_raw is not null and weight_kg is null
            then {{'field': 'weight_kg', 'rule': number_fault(weight_raw), 'raw': weight_raw}} end,
        case when age_raw is not null and age_years is null
            then {{'field': 'age_years', 'rule': number_fault(age_raw), 'raw': age_raw}} end,
        case when sex_raw is not null and sex is null then {{'field': 'sex', 'rule': 'unknown_code', 'raw': sex_raw}} end,
        case when consent_raw is not null and consented_on is null
            then {{'field': 'consented_on', 'rule': date_fault(consent_raw), 'raw': consent_raw}} end,
        case when randomized_raw is not null and randomized_on is null
            then {{'field': 'randomized_on', 'rule': date_fault(randomized_raw), 'raw': randomized_raw}} end,
    ]) as f
    from subject_typed
    where weight_kg is null or age_years is null or sex is null or consented_on is null or randomized_on is null
)
select f.rule, 'withhold', site_no, 'subject', key, f.field, f.raw, source_file, source_row from faults where f is not null
union all
select
    case when s.subject_id is null then 'key_missing' when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end,
    case when d.is_conflict or s.subject_id is null then 'reject' else 'drop' end,
    s.site_no, 'subject', s.subject_id, '', null, s.source_file, s.source_row
from subject_typed as s
left join subject_dup as d on d.site_no = s.site_no and d.subject_id = s.subject_id
where s.subject_id is null or d.is_conflict or d.first_row <> s.source_row
union all
select date_fault(date_raw), 'withhold', site_no, 'withdrawal', subject_id, 'withdrawn_on', date_raw, source_file, source_row
from withdrawal_typed where withdrawn_on is null and date_raw is not null
union all
select
    case when not is_known then 'unknown_subject' when is_conflict then 'duplicate_conflict' else 'duplicate_same' end,
    case when is_known and not is_conflict then 'drop' else 'reject' end,
    site_no, 'withdrawal', subject_id, '', null, source_file, source_row
from withdrawal_typed where not is_known or is_conflict or copy_no > 1;
