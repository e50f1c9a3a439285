-- core.subject: one row per participant, with withdrawal and, where the trial is not blinded, the arm
-- Grain: study, site, subject_id
-- Reads: staging.subject, intake.subject, staging.disposition, intake.disposition, intake.randomization, ref.trial, ref.arm, ref.evidence
-- Why:   every set takes its subject from here; the arm stays null in a blinded trial whatever lies in the list. A date of
--        randomization that was withheld says neither yes nor no. Two records of one withdrawal that differ (both in quarantine)
--        say that it was, but not when
with set_aside as (
    select distinct q.unit, q.study, q.site, q.subject_id,
    from staging.disposition as q
    anti join intake.disposition as k on q.row_id = k.row_id
    where q.subject_known and q.dup_kind is distinct from 'superseded' and q.dup_kind is distinct from 'same'
),
withheld as (
    select q.row_id,
    from staging.subject as q
    inner join intake.subject as k on q.row_id = k.row_id
    where k.randomized_on is null and (q.randomized_on is not null or q.randomized_on_fault is not null)
)

select
    s.unit,
    s.study,
    s.site,
    s.subject_id,
    s.study || '-' || s.site || '-' || s.subject_id as usubjid,
    -- the place in the order that every published set has
    (row_number() over (order by s.study, s.site, s.subject_id))::integer as subject_no,
    s.age_years,
    case when s.age_years < e.pediatric_age_years then 'PEDIATRIC' when s.age_years is not null then 'ADULT' end as age_group,
    s.sex,
    s.weight_kg,
    s.consented_on,
    s.randomized_on,
    case when s.randomized_on is not null then true when h.row_id is null then false end as is_randomized,
    w.withdrawn_on,
    w.subject_id is not null or q.subject_id is not null as is_withdrawn,
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
left join set_aside as q
    on s.unit = q.unit and s.study = q.study and s.site = q.site and s.subject_id = q.subject_id
left join withheld as h on s.row_id = h.row_id
left join intake.randomization as r
    on s.unit = r.unit and s.study = r.study and s.site = r.site and s.subject_id = r.subject_id
left join ref.arm as a on r.study = a.study and r.arm = a.arm
