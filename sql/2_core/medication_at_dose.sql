-- core.medication_at_dose: whether an antidepressant, SSRI, benzodiazepine, psychotropic or interacting drug was active at each dose
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose_timing, core.medication, core.medication_lost, ref.unit
-- Why:   Y: a coded drug of the class was surely active on the (site-local) day of the dose. U: one may have been, or an uncoded
--        medication, or one that lies in quarantine, may be of the class. N: neither. The day of a dose is enough; a dose without
--        a day is U when any of the participant's medications could matter. Edge days are inside. Missing never becomes N: where
--        the site sends no medication at all and does not declare that there was none, every flag is U
with relevant as (
    select
        study, site, subject_id, start_earliest, start_latest, end_earliest, end_latest,
        is_antidepressant, is_ssri, is_benzodiazepine, is_psychotropic, is_interacting,
        is_drug and not is_coded as is_unknown,
    from core.medication
    where (is_drug and not is_coded) or is_antidepressant or is_ssri or is_benzodiazepine or is_psychotropic or is_interacting
    union all
    select
        study, site, subject_id, null::date, null::date, null::date, null::date,
        null::boolean, null::boolean, null::boolean, null::boolean, null::boolean, true,
    from core.medication_lost
),
met as (
    select
        d.study, d.site, d.subject_id, d.dose_seq,
        coalesce(m.start_latest <= d.dosed_on and m.end_earliest >= d.dosed_on, false) as is_sure,
        m.is_antidepressant, m.is_ssri, m.is_benzodiazepine, m.is_psychotropic, m.is_interacting, m.is_unknown,
    from core.dose_timing as d
    inner join relevant as m on d.study = m.study and d.site = m.site and d.subject_id = m.subject_id
    where not coalesce(m.start_earliest > d.dosed_on, false) and not coalesce(m.end_latest < d.dosed_on, false)
),
decided as (
    select
        study, site, subject_id, dose_seq,
        bool_or(is_unknown) as any_unknown,
        bool_or(is_antidepressant) as ad, bool_or(is_antidepressant and is_sure) as ad_sure,
        bool_or(is_ssri) as ssri, bool_or(is_ssri and is_sure) as ssri_sure,
        bool_or(is_benzodiazepine) as bzd, bool_or(is_benzodiazepine and is_sure) as bzd_sure,
        bool_or(is_psychotropic) as psy, bool_or(is_psychotropic and is_sure) as psy_sure,
        bool_or(is_interacting) as inter, bool_or(is_interacting and is_sure) as inter_sure,
    from met
    group by study, site, subject_id, dose_seq
)

select
    d.unit, d.study, d.site, d.subject_id, d.dose_seq,
    case when x.ad_sure then 'Y' when x.ad or x.any_unknown or not u.medication_known then 'U' else 'N' end as ad_fl,
    case when x.ssri_sure then 'Y' when x.ssri or x.any_unknown or not u.medication_known then 'U' else 'N' end as ssri_fl,
    case when x.bzd_sure then 'Y' when x.bzd or x.any_unknown or not u.medication_known then 'U' else 'N' end as bzd_fl,
    case when x.psy_sure then 'Y' when x.psy or x.any_unknown or not u.medication_known then 'U' else 'N' end as psy_fl,
    case when x.inter_sure then 'Y' when x.inter or x.any_unknown or not u.medication_known then 'U' else 'N' end as int_fl,
from core.dose_timing as d
inner join ref.unit as u on d.unit = u.unit
left join decided as x
    on d.study = x.study and d.site = x.site and d.subject_id = x.subject_id and d.dose_seq = x.dose_seq
