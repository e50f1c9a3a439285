-- core.ipd_base: the primary outcome at each scheduled visit with what modified it, before the trial's sites are pooled
-- Grain: study, site, subject_id, visit
-- Reads: core.primary, core.baseline, core.subject, core.dose_timing, core.session_suds, core.subject_medication, ref.trial,
--        ref.evidence
-- Why:   doses count up to the day of the assessment, that day included; a dose whose day is not known counts nowhere, and an
--        assessment without a date counts none. Shares are
--        of all taken doses (of all dosed sessions), also of those whose timing (outcome) is not known
with record as (
    select study, site, subject_id, form_id, instrument, paramcd, visit, visit_order, assessed_on, ady, aval, pomp, is_baseline,
    from core.primary
    where is_used
),
dose as (
    select
        r.form_id,
        count(*) as n_doses,
        count(*) filter (d.is_1_2h_before) as n_1_2h_before,
        count(*) filter (d.is_over60_before) as n_over60_before,
        count(distinct d.session_no) as n_sessions,
        count(distinct d.session_no) filter (u.outcome = 'GOOD') as n_good_sessions,
    from record as r
    inner join core.dose_timing as d
        on r.study = d.study and r.site = d.site and r.subject_id = d.subject_id and d.dosed_on <= r.assessed_on
    left join core.session_suds as u
        on d.study = u.study and d.site = u.site and d.subject_id = u.subject_id and d.session_no = u.session_no
    where d.taken
    group by r.form_id
)

select
    r.study,
    r.site,
    r.subject_id,
    s.usubjid,
    t.disorder,
    r.instrument,
    r.paramcd,
    r.visit,
    r.visit_order,
    r.ady,
    (r.assessed_on - b.assessed_on) / 7.0 as week,
    r.aval,
    r.pomp,
    b.pomp as pomp_baseline,
    r.is_baseline,
    s.arm_label,
    case when r.assessed_on is not null then least(coalesce(d.n_doses, 0), e.dose_plateau)::integer end as n_doses_capped,
    d.n_1_2h_before / d.n_doses as share_1_2h_before,
    d.n_over60_before / d.n_doses as share_over60_before,
    d.n_good_sessions / nullif(d.n_sessions, 0) as share_good,
    m.ad_bl_fl,
    m.ad_chr_fl,
    s.age_group,
    s.sex,
from record as r
inner join core.subject as s on r.study = s.study and r.site = s.site and r.subject_id = s.subject_id
inner join ref.trial as t on r.study = t.study
cross join ref.evidence as e
left join core.baseline as b
    on r.study = b.study and r.site = b.site and r.subject_id = b.subject_id and r.paramcd = b.paramcd
left join dose as d on r.form_id = d.form_id
left join core.subject_medication as m on r.study = m.study and r.site = m.site and r.subject_id = m.subject_id
