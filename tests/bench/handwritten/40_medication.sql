-- medication, subject_medication: drugs coded by exact name, partial dates as ranges. Reads sent_medications, subject, coding (35_coding).
create macro far_history(dtc) as case when left(dtc, 4) < '1900' then 'history_too_early' when first_day(dtc) > today() + 1 then 'in_future' end;

create table medication_typed as
with read_once as (
    select
        site_no, source_file, source_row, person(subject) as subject_id, is_decimal_id(subject) as is_id_decimal, drug as verbatim,
        start as start_raw, "end" as end_raw, partial_date(start) as start_sent, partial_date("end") as end_sent,
        far_history(start_sent) as start_limit, far_history(end_sent) as end_limit,
        case when start_limit is null then start_sent end as start_dtc, case when end_limit is null then end_sent end as end_dtc,
        said(ongoing) as ongoing, ongoing as ongoing_raw,
        hash("end", ongoing) as row_hash,
    from sent_medications
)
select
    r.*, s.usubjid, s.randomized_on, year(s.consented_on) - s.age_years - 1 as birth_year,
    case
        when r.subject_id is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
        when r.verbatim is null then 'verbatim_missing'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id;

create table medication_dup as
select usubjid, verbatim, coalesce(start_sent, start_raw) as start_key, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from medication_typed where reason is null group by all having count(*) > 1;

create table medication_kept as
select t.*
from medication_typed as t
left join medication_dup as d
    on d.usubjid = t.usubjid and d.verbatim = t.verbatim and d.start_key is not distinct from coalesce(t.start_sent, t.start_raw)
where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row));

-- what each text means: a name, a choice between names, or several names together; each text once
create macro spoken(sent) as lower(strip_accents(sent));
create macro plain_name(sent) as trim(regexp_replace(regexp_replace(spoken(sent), '[''.®™]', '', 'g'), '[^\w+%]+', ' ', 'g'));
create macro bare_name(sent) as plain_name(regexp_replace(regexp_replace(spoken(sent),
    '\d+([.,]\d+)?\s*(mg|mcg|ug|g|ml|iu|%)\b(\s*(/|per)\s*(day|daily|tag|d|ml|h)\b)?', ' ', 'g'),
    '\b(tab(let)?s?|caps?(ules?)?|pills?|drops|oral(ly)?|once|twice|daily|nightly|prn|bid|tid|qd|xr|er|sr|cr|xl|hcl|hydrochloride|maleate|tartrate|retard)\b', ' ', 'g'));

create table coding as
with said as (
    select distinct verbatim, contains(verbatim, '?') as is_doubted, plain_name(verbatim) in (select name from no_drug) as is_listed
    from medication_kept
),
known as (select name, any_value(codestat) as codestat, any_value(told) as told, list(distinct ingredient) as ingredients from drug group by name),
piece as (
    select verbatim, 1 as way, [spoken(verbatim)] as pieces from said
    union all
    select verbatim, 2, regexp_split_to_array(spoken(verbatim), '\s+(?:or|oder|ou)\s+') from said where regexp_matches(spoken(verbatim), '\s(or|oder|ou)\s')
    union all
    select verbatim, 3, regexp_split_to_array(spoken(verbatim), '\s*(?:\+|/|,|;|\s&\s|\s(?:and|with|plus|und|mit)\s)\s*')
    from said where regexp_matches(spoken(verbatim), '[+/,;]|\s(&|and|with|plus|und|mit)\s')
),
apart as (select verbatim, way, unnest(pieces) as piece, generate_subscripts(pieces, 1) as nth from piece),
named as (
    select p.verbatim, p.way, coalesce(a.name, b.name) as name, coalesce(a.codestat, b.codestat) as codestat, coalesce(a.told, b.told) as told,
        coalesce(a.ingredients, b.ingredients) as ingredients, p.nth,
    from apart as p left join known as a on a.name = plain_name(p.piece) left join known as b on b.name = bare_name(p.piece)
),
read as (
    select verbatim, way, list(name order by nth) as names, flatten(list(ingredients order by nth)) as ingredients, string_agg(told, ' | ' order by nth) as told,
        bool_or(codestat = 'AMBIGUOUS') or (way = 2 and count(distinct told) > 1) as is_ambiguous,
        bool_or(codestat = 'EXACT_BRAND') as is_brand,
    from named group by verbatim, way having count(name) = count(*)
    qualify row_number() over (partition by verbatim order by way) = 1
)
select s.verbatim, case when r.way = 2 then array_to_string(r.names, ' or ') when r.way = 3 then array_to_string(r.names, ' + ') else coalesce(r.names[1], nullif(bare_name(s.verbatim), ''), plain_name(s.verbatim)) end as cleaned,
    case when (s.is_listed and not s.is_doubted) or regexp_full_match(s.verbatim, '[\s\-./\\_:()\[\]]*') then 'NOT_A_DRUG' when r.verbatim is null then 'UNCODED'
        when r.is_ambiguous or s.is_doubted then 'AMBIGUOUS' when r.is_brand then 'EXACT_BRAND' else 'EXACT_INGREDIENT' end as codestat,
    case when codestat like 'EXACT%' then r.ingredients end as ingredients, case when codestat = 'AMBIGUOUS' then r.told end as told,
from said as s left join read as r using (verbatim);

create table coding_part as
with place as (select verbatim, unnest(ingredients) as ingredient, generate_subscripts(ingredients, 1) as nth from coding),
part as (select verbatim, ingredient, min(nth) as part_no from place group by all)
select p.verbatim, p.part_no, d.* exclude (name, told, codestat)
from part as p join (select * from drug qualify row_number() over (partition by ingredient order by name) = 1) as d using (ingredient);

create table medication as
select
    k.site_no, k.usubjid, k.verbatim, c.cleaned, k.start_dtc, k.end_dtc, k.start_raw, k.end_raw, k.ongoing_raw, k.randomized_on, k.birth_year, k.source_file, k.source_row,
    row_number() over (partition by k.usubjid order by first_day(k.start_dtc) nulls last, k.source_row, g.part_no) as med_seq, coalesce(g.part_no, 1) as part_no,
    g.ingredient, g.class, g.atc, c.codestat, c.told, g.by_use, g.review_to_mg, g.is_study_drug, g.ingredient is not null as is_coded, c.codestat <> 'NOT_A_DRUG' as is_drug, case when not is_drug then false end as not_one,
    coalesce(g.is_antidepressant, not_one) as is_antidepressant, coalesce(g.is_ssri, not_one) as is_ssri, coalesce(g.is_benzodiazepine, not_one) as is_benzodiazepine,
    coalesce(g.is_psychotropic, not_one) as is_psychotropic, coalesce(g.is_interacting, not_one) as is_interacting,
    coalesce(g.is_benzodiazepine, not_one) as is_prohibited,
    first_day(k.start_dtc) as start_on, date_part_imputed(k.start_dtc) as start_imputed,
    last_day_of(k.end_dtc) as end_on, date_part_imputed(k.end_dtc) as end_imputed,
    coalesce(k.ongoing, false) and k.end_raw is null as is_open,
    coalesce(k.ongoing, false) and k.end_raw is not null as is_end_doubtful,
    coalesce(last_day_of(k.end_dtc) < first_day(k.start_dtc), false) as is_reversed,
    case when is_open then true else k.ongoing end as ongoing,
    case when not is_reversed then first_day(k.start_dtc) end as start_earliest,
    case when is_reversed then null when is_end_doubtful then last_day_of(k.start_dtc)
        else least(last_day_of(k.start_dtc), last_day_of(k.end_dtc)) end as start_latest,
    case when is_reversed then null when is_open then greatest(today(), last_day_of(k.start_dtc))
        when is_end_doubtful and k.end_dtc is null then first_day(k.start_dtc)
        else greatest(first_day(k.end_dtc), first_day(k.start_dtc)) end as end_earliest,
    case when not is_reversed and not is_end_doubtful then last_day_of(k.end_dtc) end as end_latest,
from medication_kept as k
join coding as c using (verbatim)
left join coding_part as g using (verbatim);

-- what may be a drug of a class: those coded as one, those without a code, and rows that were set aside
create table relevant_medication as
select usubjid, ingredient, start_earliest, start_latest, end_earliest, end_latest, is_antidepressant, is_ssri, is_benzodiazepine,
    is_psychotropic, is_interacting, not is_coded and is_drug as is_unknown,
from medication where (not is_coded and is_drug) or is_antidepressant or is_ssri or is_benzodiazepine or is_psychotropic or is_interacting
union all
select distinct t.usubjid, null, null::date, null::date, null::date, null::date, null::boolean, null::boolean, null::boolean, null::boolean, null::boolean, true,
from medication_typed as t
left join medication_dup as d
    on d.usubjid = t.usubjid and d.verbatim = t.verbatim and d.start_key is not distinct from coalesce(t.start_sent, t.start_raw)
where t.usubjid is not null and (t.reason is not null or d.is_conflict);

create table subject_medication as
with met as (
    select m.*, coalesce(m.start_latest <= s.randomized_on and m.end_earliest >= s.randomized_on, false) as surely,
        not coalesce(m.start_earliest > s.randomized_on, false) and not coalesce(m.end_latest < s.randomized_on, false) as maybe,
    from relevant_medication as m join subject as s using (usubjid)
),
at_baseline as (
    select usubjid, ynu(bool_or(is_antidepressant and surely), bool_or((is_antidepressant or is_unknown) and maybe)) as ad_bl,
        ynu(bool_or(is_psychotropic and surely), bool_or((is_psychotropic or is_unknown) and maybe)) as psy_bl,
    from met group by usubjid
)
select s.usubjid, coalesce(b.ad_bl, 'N') as ad_bl, coalesce(b.psy_bl, 'N') as psy_bl,
from subject as s left join at_baseline as b using (usubjid);

insert into finding
with faults as (
    select site_no, source_file, source_row, concat_ws('|', subject_id, verbatim, start_raw) as key, unnest([
        {{'field': 'started_on', 'raw': start_raw, 'rule': case when start_raw is null then null when start_sent is null then date_fault(start_raw)
            when start_limit = 'in_future' then 'medication_start_in_future' else start_limit end}},
        {{'field': 'ended_on', 'raw': end_raw, 'rule': case when end_raw is null then null when end_sent is null then date_fault(end_raw)
            when end_limit = 'in_future' then 'medication_end_in_future' else end_limit end}},
        {{'field': 'ongoing', 'raw': ongoing_raw, 'rule': case when ongoing_raw is not null and ongoing is null then 'unknown_code' end}},
    ]) as f
    from medication_kept
    where start_dtc is null or (end_dtc is null and end_raw is not null) or ongoing is null
)
select f.rule, 'withhold', site_no, 'medication', key, f.field, f.raw, source_file, source_row from faults where f.rule is not null
union all
select 'id_decimal', 'note', site_no, 'medication', subject_id, 'subject_id', null, source_file, source_row from medication_kept where is_id_decimal
union all
select
    coalesce(t.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when t.reason is not null or d.is_conflict then 'reject' else 'drop' end,
    t.site_no, 'medication', concat_ws('|', t.subject_id, t.verbatim, t.start_raw), '', null, t.source_file, t.source_row
from medication_typed as t
left join medication_dup as d
    on d.usubjid = t.usubjid and d.verbatim = t.verbatim and d.start_key is not distinct from coalesce(t.start_sent, t.start_raw)
where t.reason is not null or d.is_conflict or d.first_row <> t.source_row;
