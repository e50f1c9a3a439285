-- core.subject: one row per participant, with withdrawal and, where the trial is not blinded, the arm
-- Grain: study, site, subject_id
-- Reads: intake.subject, intake.disposition, intake.randomization, ref.trial, ref.arm, ref.evidence
-- Why:   every set takes its subject from here; the arm stays null in a blinded trial whatever lies in the list
select
    s.unit,
    s.study,
    s.site,
    s.subject_id,
    s.study || '-' || s.site || '-' || s.subject_id as usubjid,
    s.age_years,
    case when s.age_years < e.pediatric_age_years then 'PEDIATRIC' when s.age_years is not null then 'ADULT' end as age_group,
    s.sex,
    s.weight_kg,
    s.consented_on,
    s.randomized_on,
    w.withdrawn_on,
    w.subject_id is not null as is_withdrawn,
    case when not t.blinded then r.arm end as arm,
    case when not t.blinded then a.label end as arm_label,
    s.record_key,
    s.source_file,
    s.source_row,
from intake.subject as s
cross join ref.evidence as e
inner join ref.trial as t on s.study = t.study
left join intake.disposition as w
    on s.unit = w.unit and s.study = w.study and s.site = w.site and s.subject_id = w.subject_id
left join intake.randomization as r
    on s.unit = r.unit and s.study = r.study and s.site = r.site and s.subject_id = r.subject_id
left join ref.arm as a on r.study = a.study and r.arm = a.arm
