-- core.medication: every medication as coded, one row per ingredient, with the days between which it was taken
-- Grain: unit, study, site, subject_id, med_seq
-- Reads: intake.medication, core.medication_period, core.treatment_period, ref.coding, ref.coding_part, ref.prohibited_class
-- Why:   one text may name several drugs, each with its own class. What an uncoded medication is stays null; a text that is no
--        drug is none of them. A prohibited class is a class of the dictionary, a group (ANTIDEPRESSANT, ANTIPSYCHOTIC,
--        BENZODIAZEPINE, PSYCHOTROPIC, INTERACTING) or the beginning of an ATC code. is_over_before_dosing: it had surely ended when the
--        participant was first dosed, and its washout, if the trial declares one, was over
with coded as (
    select
        m.unit, m.study, m.site, m.subject_id, m.row_id, m.record_key, m.source_file, m.source_row, m.verbatim, m.verbatim_raw,
        m.started_on, m.started_on_raw, m.ended_on, m.ended_on_raw, m.ongoing, m.indication,
        coalesce(p.part_no, 1) as part_no,
        c.cmmodify,
        coalesce(c.codestat, 'UNCODED') as codestat,
        c.cmsugg,
        p.ingredient,
        p.class,
        p.atc,
        coalesce(c.codestat in ('EXACT_INGREDIENT', 'EXACT_BRAND', 'OVERRIDE'), false) as is_coded,
        coalesce(c.codestat <> 'NOT_A_DRUG', true) as is_drug,
        p.antidepressant,
        p.ssri,
        p.benzodiazepine,
        p.psychotropic,
        p.interacting,
        p.also,
        p.by_use,
        -- a dose written as one number of mg; anything else (twice 50 mg, 25-50 mg) is not compared
        replace(regexp_extract(lower(coalesce(m.dose_text, m.verbatim)), '^\D*(\d+(?:[.,]\d+)?)\s*mg\D*$', 1), ',', '.') as mg,
        try_cast(nullif(mg, '') as double) <= p.review_to_mg as is_low_dose,
        lower(trim(m.dose_text)) as dose_text,
    from intake.medication as m
    left join ref.coding as c on m.unit = c.unit and m.verbatim = c.verbatim
    left join ref.coding_part as p on m.unit = p.unit and m.verbatim = p.verbatim
),
banned as (
    select c.row_id, c.part_no, max(x.washout_days) as washout_days,
    from coded as c
    inner join ref.prohibited_class as x
        on c.study = x.study
        and (
            c.class = x.class
            or list_contains(c.also, x.class)
            or (x.class = 'ANTIDEPRESSANT' and c.antidepressant)
            or (x.class = 'ANTIPSYCHOTIC' and c.class like 'ANTIPSYCHOTIC%')
            or (x.class = 'BENZODIAZEPINE' and c.benzodiazepine)
            or (x.class = 'PSYCHOTROPIC' and c.psychotropic)
            or (x.class = 'INTERACTING' and c.interacting)
            or (regexp_full_match(x.class, '[A-Z][0-9]{2}.*') and starts_with(c.atc, x.class))
        )
    where c.is_coded
    group by c.row_id, c.part_no
),
trials as (
    select distinct study from ref.prohibited_class
)

select
    c.unit, c.study, c.site, c.subject_id,
    row_number() over (
        partition by c.unit, c.study, c.site, c.subject_id order by d.start_on nulls last, c.row_id, c.part_no
    )::integer as med_seq,
    c.row_id, c.part_no, c.verbatim, c.verbatim_raw, c.cmmodify, c.ingredient, c.class, c.atc, c.codestat, c.cmsugg,
    c.started_on as start_dtc,
    c.ended_on as end_dtc,
    c.started_on, c.started_on_raw, c.ended_on, c.ended_on_raw,
    d.start_on, d.start_imputed, d.end_on, d.end_imputed,
    case when d.is_open then true else c.ongoing end as ongoing, d.start_earliest, d.start_latest, d.end_earliest, d.end_latest, d.ends_before_start,
    c.is_coded,
    c.is_drug,
    case when c.is_coded then c.antidepressant when not c.is_drug then false end as is_antidepressant,
    case when c.is_coded then c.ssri when not c.is_drug then false end as is_ssri,
    case when c.is_coded then c.benzodiazepine when not c.is_drug then false end as is_benzodiazepine,
    case when c.is_coded then c.psychotropic when not c.is_drug then false end as is_psychotropic,
    case when c.is_coded then c.interacting when not c.is_drug then false end as is_interacting,
    case
        when c.is_coded or not c.is_drug or t.study is null then b.row_id is not null
    end as is_prohibited,
    b.washout_days,
    coalesce(
        d.end_latest < p.first_on and d.end_latest <= p.first_on - coalesce(b.washout_days, 0), false
    ) as is_over_before_dosing,
    coalesce(c.class like 'STUDY_DRUG%' or c.class like '%CYCLOSERINE%', false) as is_study_drug,
    coalesce(c.is_low_dose, false) as is_low_dose,
    c.dose_text,
    coalesce(c.by_use, false) as is_by_use,
    c.indication,
    case
        when c.ingredient is not null and c.started_on is not null
            then dense_rank() over (
                partition by c.unit, c.study, c.site, c.subject_id, c.ingredient, c.started_on order by c.row_id
            )
    end as times_reported,
    -- days for which an earlier record of the same drug surely went on after this one had surely begun; a change of dose may share days
    max(d.end_earliest) over (
        partition by c.unit, c.study, c.site, c.subject_id, c.ingredient
        order by d.start_earliest, c.row_id rows between unbounded preceding and 1 preceding
    ) - d.start_latest as days_beside,
    c.record_key, c.source_file, c.source_row,
from coded as c
inner join core.medication_period as d on c.row_id = d.row_id
left join banned as b on c.row_id = b.row_id and c.part_no = b.part_no
left join trials as t on c.study = t.study
left join core.treatment_period as p on c.study = p.study and c.site = p.site and c.subject_id = p.subject_id
