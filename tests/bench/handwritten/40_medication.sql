-- medication, subject_medication: drugs coded by exact name, partial dates as ranges. Reads sent_medications, subject, drug.
create table medication_typed as
with read_once as (
    select
        site_no, source_file, source_row, nullif(trim(subject), '') as subject_id, trim(drug) as verbatim,
        lower(regexp_replace(trim(drug), '\s+', ' ', 'g')) as cleaned,
        start as start_raw, "end" as end_raw, partial_date(start) as start_dtc, partial_date("end") as end_dtc,
        case trim(ongoing) when 'yes' then true when 'no' then false end as ongoing, ongoing as ongoing_raw,
        hash("end", ongoing) as row_hash,
    from sent_medications
)
select
    r.*, s.usubjid, s.randomized_on,
    case
        when r.subject_id is null or nullif(trim(r.verbatim), '') is null then 'key_missing'
        when s.subject_id is null then 'unknown_subject'
    end as reason,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id;

create table medication_dup as
select usubjid, verbatim, start_dtc, count(distinct row_hash) > 1 as is_conflict, min(source_row) as first_row
from medication_typed where reason is null group by all having count(*) > 1;

create table medication as
with kept as (
    select t.*
    from medication_typed as t
    left join medication_dup as d
        on d.usubjid = t.usubjid and d.verbatim = t.verbatim and d.start_dtc is not distinct from t.start_dtc
    where t.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = t.source_row))
)
select
    k.site_no, k.usubjid, k.verbatim, k.cleaned, k.start_dtc, k.end_dtc, k.randomized_on, k.source_file, k.source_row,
    row_number() over (partition by k.usubjid order by first_day(k.start_dtc) nulls last, k.source_row, g.ingredient) as med_seq,
    g.ingredient, g.class, g.atc, coalesce(g.codestat, 'UNCODED') as codestat, g.by_use, g.ingredient is not null as is_coded,
    g.is_antidepressant, g.is_ssri, g.is_benzodiazepine, g.is_psychotropic, g.is_interacting,
    case when g.ingredient is not null then g.is_benzodiazepine end as is_prohibited,
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
from kept as k
left join drug as g on g.name = k.cleaned;

-- what may be a drug of a class: those coded as one, those without a code, and rows that were set aside
create table relevant_medication as
select usubjid, ingredient, start_earliest, start_latest, end_earliest, end_latest, is_antidepressant, is_ssri, is_benzodiazepine,
    is_psychotropic, is_interacting, not is_coded as is_unknown,
from medication where not is_coded or is_antidepressant or is_ssri or is_benzodiazepine or is_psychotropic or is_interacting
union all
select distinct t.usubjid, null, null::date, null::date, null::date, null::date, null::boolean, null::boolean, null::boolean, null::boolean, null::boolean, true,
from medication_typed as t
left join medication_dup as d on d.usubjid = t.usubjid and d.verbatim = t.verbatim and d.start_dtc is not distinct from t.start_dtc
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
select date_fault(start_raw), 'withhold', site_no, 'medication', concat_ws('|', subject_id, verbatim, start_raw), 'started_on', start_raw, source_file, source_row
from medication_typed where start_raw is not null and start_dtc is null
union all
select date_fault(end_raw), 'withhold', site_no, 'medication', concat_ws('|', subject_id, verbatim, start_raw), 'ended_on', end_raw, source_file, source_row
from medication_typed where end_raw is not null and end_dtc is null
union all
select 'unknown_code', 'withhold', site_no, 'medication', concat_ws('|', subject_id, verbatim, start_raw), 'ongoing', ongoing_raw, source_file, source_row
from medication_typed where ongoing_raw is not null and ongoing is null
union all
select
    coalesce(t.reason, case when d.is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when t.reason is not null or d.is_conflict then 'reject' else 'drop' end,
    t.site_no, 'medication', concat_ws('|', t.subject_id, t.verbatim, t.start_raw), '', null, t.source_file, t.source_row
from medication_typed as t
left join medication_dup as d
    on d.usubjid = t.usubjid and d.verbatim = t.verbatim and d.start_dtc is not distinct from t.start_dtc
where t.reason is not null or d.is_conflict or d.first_row <> t.source_row
union all
select 'medication_uncoded', 'query', site_no, 'medication', concat_ws('|', usubjid, verbatim), 'verbatim', verbatim, source_file, source_row
from medication where not is_coded
union all
select 'medication_ends_before_start', 'query', site_no, 'medication', concat_ws('|', usubjid, verbatim), 'ended_on', end_dtc, source_file, source_row
from medication where is_reversed;
