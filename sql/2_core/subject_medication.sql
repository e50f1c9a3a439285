-- core.subject_medication: antidepressant and psychotropic at baseline, chronic antidepressant, one row a participant
-- Grain: study, site, subject_id
-- Reads: core.subject, core.medication, core.medication_lost, core.antidepressant_course, ref.unit
-- Why:   baseline is the day of randomization. Chronic: core.antidepressant_course. U: it depends on an imputed or missing date, on
--        an uncoded medication or on one in quarantine; also when the day (of randomization, of the first dose) is not known or
--        there was none and any medication could matter, and where the site's medication is not known at all. N only when what the
--        site records cannot make it Y
with relevant as (
    select
        study, site, subject_id, start_earliest, start_latest, end_earliest, end_latest, is_antidepressant, is_psychotropic,
        is_drug and not is_coded as is_unknown,
    from core.medication
    where (is_drug and not is_coded) or is_antidepressant or is_psychotropic
    union all
    select study, site, subject_id, null::date, null::date, null::date, null::date, null::boolean, null::boolean, true,
    from core.medication_lost
),
met as (
    select
        s.study, s.site, s.subject_id,
        m.is_antidepressant, m.is_psychotropic, m.is_unknown,
        coalesce(m.start_latest <= s.randomized_on and m.end_earliest >= s.randomized_on, false) as bl_sure,
        not coalesce(m.start_earliest > s.randomized_on, false) and not coalesce(m.end_latest < s.randomized_on, false) as bl_maybe,
    from core.subject as s
    inner join relevant as m on s.study = m.study and s.site = m.site and s.subject_id = m.subject_id
),
decided as (
    select
        study, site, subject_id,
        bool_or(is_antidepressant and bl_sure) as ad_bl_sure,
        bool_or((is_antidepressant or is_unknown) and bl_maybe) as ad_bl_maybe,
        bool_or(is_psychotropic and bl_sure) as psy_bl_sure,
        bool_or((is_psychotropic or is_unknown) and bl_maybe) as psy_bl_maybe,
    from met
    group by study, site, subject_id
),
chronic as (
    select study, site, subject_id, bool_or(is_sure) as is_sure, bool_or(coalesce(is_possible, true)) as is_possible,
    from core.antidepressant_course
    group by study, site, subject_id
)

select
    s.study, s.site, s.subject_id,
    case when x.ad_bl_sure then 'Y' when x.ad_bl_maybe or not u.medication_known then 'U' else 'N' end as ad_bl_fl,
    case when c.is_sure then 'Y' when c.is_possible or not u.medication_known then 'U' else 'N' end as ad_chr_fl,
    case when x.psy_bl_sure then 'Y' when x.psy_bl_maybe or not u.medication_known then 'U' else 'N' end as psy_bl_fl,
from core.subject as s
inner join ref.unit as u on s.unit = u.unit
left join decided as x on s.study = x.study and s.site = x.site and s.subject_id = x.subject_id
left join chronic as c on s.study = c.study and s.site = c.site and s.subject_id = c.subject_id
