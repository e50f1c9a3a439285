-- core.subject_medication: antidepressant and psychotropic at baseline, chronic antidepressant, one row a participant
-- Grain: study, site, subject_id
-- Reads: core.subject, core.medication, core.treatment_period, intake.medication, staging.medication, ref.evidence
-- Why:   baseline is the day of randomization. Chronic: an antidepressant surely begun at least so many days before the first
--        taken dose and surely not ended before it. U: it depends on an imputed or missing date, on an uncoded medication or on
--        one in quarantine; also when the day (of randomization, of the first dose) is not known or there was none and any
--        medication could matter. N only when no medication on record can make it Y
with relevant as (
    select
        study, site, subject_id, start_earliest, start_latest, end_earliest, end_latest, is_antidepressant, is_psychotropic,
        is_drug and not is_coded as is_unknown,
    from core.medication
    where (is_drug and not is_coded) or is_antidepressant or is_psychotropic
    union all
    select distinct
        s.study, s.site, s.subject_id, null::date, null::date, null::date, null::date, null::boolean, null::boolean, true,
    from staging.medication as s
    anti join intake.medication as i on s.row_id = i.row_id
    where s.subject_id is not null and coalesce(s.dup_kind, 'conflict') = 'conflict'
),
met as (
    select
        s.study, s.site, s.subject_id,
        m.is_antidepressant, m.is_psychotropic, m.is_unknown,
        coalesce(m.start_latest <= s.randomized_on and m.end_earliest >= s.randomized_on, false) as bl_sure,
        not coalesce(m.start_earliest > s.randomized_on, false) and not coalesce(m.end_latest < s.randomized_on, false) as bl_maybe,
        coalesce(m.start_latest <= p.first_on - e.chronic_antidepressant_days and m.end_earliest >= p.first_on, false) as chr_sure,
        not coalesce(m.start_earliest > p.first_on - e.chronic_antidepressant_days, false)
        and not coalesce(m.end_latest < p.first_on, false) as chr_maybe,
    from core.subject as s
    inner join relevant as m on s.study = m.study and s.site = m.site and s.subject_id = m.subject_id
    left join core.treatment_period as p on s.study = p.study and s.site = p.site and s.subject_id = p.subject_id
    cross join ref.evidence as e
),
decided as (
    select
        study, site, subject_id,
        bool_or(is_antidepressant and bl_sure) as ad_bl_sure,
        bool_or((is_antidepressant or is_unknown) and bl_maybe) as ad_bl_maybe,
        bool_or(is_antidepressant and chr_sure) as ad_chr_sure,
        bool_or((is_antidepressant or is_unknown) and chr_maybe) as ad_chr_maybe,
        bool_or(is_psychotropic and bl_sure) as psy_bl_sure,
        bool_or((is_psychotropic or is_unknown) and bl_maybe) as psy_bl_maybe,
    from met
    group by study, site, subject_id
)

select
    s.study, s.site, s.subject_id,
    case when x.ad_bl_sure then 'Y' when x.ad_bl_maybe then 'U' else 'N' end as ad_bl_fl,
    case when x.ad_chr_sure then 'Y' when x.ad_chr_maybe then 'U' else 'N' end as ad_chr_fl,
    case when x.psy_bl_sure then 'Y' when x.psy_bl_maybe then 'U' else 'N' end as psy_bl_fl,
from core.subject as s
left join decided as x on s.study = x.study and s.site = x.site and s.subject_id = x.subject_id
