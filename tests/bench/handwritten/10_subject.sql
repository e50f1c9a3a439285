-- subject, withdrawal: who takes part. Reads raw_subjects, raw_withdrawals, unit.
create table subject_typed as
with read_once as (
    select
        site_no, timezone, source_file, source_row, person(subject) as subject_id, is_decimal_id(subject) as is_id_decimal,
        coalesce(number(age), case when unit_of(age) in (select text from unit where unit = 'years') then size_of(age) end) as age_sent,
        coalesce(number(weight), case when unit_of(weight) in (select text from unit where unit = 'kg') then size_of(weight) end) as weight_sent,
        case when upper(sex) in ('F', 'M') then upper(sex) end as sex,
        whole_date(consent) as consent_sent, whole_date(randomized) as randomized_sent,
        age as age_raw, sex as sex_raw, weight as weight_raw, consent as consent_raw, randomized as randomized_raw,
        hash(age, sex, weight, consent, randomized) as row_hash,
    from sent_subjects
)
select
    *,
    case when age_sent between 0 and 110 then age_sent end as age_years,
    case when weight_sent between 10 and 300 and coalesce(case when age_sent < 12 then weight_sent <= 110
        when age_sent < 18 then weight_sent between 18 and 220 else weight_sent >= 25 end, true) then weight_sent end as weight_kg,
    case when too_far(consent_sent) is null then consent_sent end as consented_on,
    case when too_far(randomized_sent) is null then randomized_sent end as randomized_on,
from read_once;

create table subject_dup as
select site_no, subject_id, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from subject_typed group by all having count(*) > 1;

create table withdrawal_typed as
select
    w.site_no, w.source_file, w.source_row, person(w.subject) as subject_id, is_decimal_id(w.subject) as is_id_decimal,
    whole_date(w.date) as date_sent, case when too_far(date_sent) is null then date_sent end as withdrawn_on, w.date as date_raw,
    s.subject_id is not null as is_known, row_number() over (partition by w.site_no, person(w.subject) order by w.source_row) as copy_no,
    count(distinct coalesce(w.date, '') || '|' || coalesce(w.reason, '')) over (partition by w.site_no, person(w.subject)) > 1 as is_conflict,
from sent_withdrawals as w
left join (
    select distinct t.site_no, t.subject_id
    from subject_typed as t left join subject_dup as d on d.site_no = t.site_no and d.subject_id = t.subject_id where d.is_conflict is not true
) as s on s.site_no = w.site_no and s.subject_id = person(w.subject);

create type usubjid_t as enum (
    select distinct '{study}-' || i.site || '-' || s.subject_id
    from subject_typed as s join site as i using (site_no)
    where s.subject_id is not null order by all
);

create table subject as
select
    s.site_no, i.site, s.timezone, s.subject_id, ('{study}-' || i.site || '-' || s.subject_id)::usubjid_t as usubjid,
    s.age_years, s.sex, s.weight_kg, s.consented_on, s.randomized_on, w.withdrawn_on, w.subject_id is not null as is_withdrawn,
    s.randomized_on is null and s.randomized_raw is not null as is_randomized_withheld, s.source_file, s.source_row,
from subject_typed as s
join site as i using (site_no)
left join subject_dup as d on d.site_no = s.site_no and d.subject_id = s.subject_id
left join (
    select site_no, subject_id, any_value(withdrawn_on) filter (copy_no = 1 and not is_conflict) as withdrawn_on
    from withdrawal_typed where is_known group by all
) as w on w.site_no = s.site_no and w.subject_id = s.subject_id
where s.subject_id is not null and (d.subject_id is null or (not d.is_conflict and d.first_row = s.source_row));

insert into finding
with faults as (
    select t.site_no, t.source_file, t.source_row, t.subject_id as key, unnest([
        case when t.weight_raw is not null and t.weight_kg is null then {{'field': 'weight_kg', 'raw': t.weight_raw, 'rule': case
            when t.weight_sent is not null then 'weight_out_of_range' when size_of(t.weight_raw) is null then 'unreadable'
            when unit_of(t.weight_raw) in (select text from unit where quantity = 'weight') then 'unit_conflict' else 'unit_unknown' end}} end,
        case when t.age_raw is not null and t.age_years is null then {{'field': 'age_years', 'raw': t.age_raw, 'rule': case
            when t.age_sent is not null then 'age_out_of_range' when size_of(t.age_raw) is null then 'unreadable'
            when unit_of(t.age_raw) in (select text from unit where quantity = 'age') then 'unit_conflict' else 'unit_unknown' end}} end,
        case when t.sex_raw is not null and t.sex is null then {{'field': 'sex', 'raw': t.sex_raw, 'rule': 'unknown_code'}} end,
        case when t.consent_raw is not null and t.consented_on is null then
            {{'field': 'consented_on', 'raw': t.consent_raw, 'rule': coalesce(too_far(t.consent_sent), date_fault(t.consent_raw))}} end,
        case when t.randomized_raw is not null and t.randomized_on is null then
            {{'field': 'randomized_on', 'raw': t.randomized_raw, 'rule': coalesce(too_far(t.randomized_sent), date_fault(t.randomized_raw))}} end,
    ]) as f
    from subject_typed as t join subject as s using (source_file, source_row)
    where t.weight_kg is null or t.age_years is null or t.sex is null or t.consented_on is null or t.randomized_on is null
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
select coalesce(too_far(date_sent), date_fault(date_raw)), 'withhold', site_no, 'withdrawal', subject_id, 'withdrawn_on', date_raw, source_file, source_row
from withdrawal_typed where withdrawn_on is null and date_raw is not null and is_known and not is_conflict and copy_no = 1
union all
select
    case when subject_id is null then 'key_missing' when not is_known then 'unknown_subject' when is_conflict then 'duplicate_conflict' else 'duplicate_same' end,
    case when is_known and not is_conflict then 'drop' else 'reject' end,
    site_no, 'withdrawal', subject_id, '', null, source_file, source_row
from withdrawal_typed where not is_known or is_conflict or copy_no > 1
union all
select 'id_decimal', 'note', t.site_no, 'subject', t.subject_id, 'subject_id', null, t.source_file, t.source_row
from subject_typed as t join subject as s using (source_file, source_row) where t.is_id_decimal
union all
select 'id_decimal', 'note', site_no, 'withdrawal', subject_id, 'subject_id', null, source_file, source_row
from withdrawal_typed where is_id_decimal and is_known and not is_conflict and copy_no = 1;
