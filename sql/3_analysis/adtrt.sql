-- analysis.adtrt: who was given what, restricted; no row for a blinded trial
-- Grain: STUDYID, USUBJID
-- Reads: intake.randomization, core.subject, core.treatment_period, ref.trial
-- Why:   the only set with the arm while readers of the others are kept blind
select
    s.study as STUDYID,
    s.usubjid as USUBJID,
    s.site as SITEID,
    s.arm_label as TRT01P,
    case when p.n_taken > 0 then s.arm_label end as TRT01A,
    r.number as RANDNO,
    t.unblinded_on as UNBLDT,
from core.subject as s
inner join ref.trial as t on s.study = t.study
inner join intake.randomization as r on s.unit = r.unit and s.study = r.study and s.site = r.site and s.subject_id = r.subject_id
left join core.treatment_period as p on s.study = p.study and s.site = p.site and s.subject_id = p.subject_id
where not t.blinded
order by s.subject_no
