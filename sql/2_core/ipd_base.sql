-- core.ipd_base: the primary outcome at each scheduled visit with what modified it, before the trial's sites are pooled
-- Grain: study, site, subject_id, visit
-- Reads: core.primary, core.baseline, core.subject, core.dose_timing, core.loose_dose, core.session_suds, core.subject_medication,
--        ref.trial, ref.evidence
-- Why:   doses count up to the day of the assessment, that day included; a dose without a day lies on its session's. Shares are of
--        all taken doses (of all dosed sessions, each on its own day, whatever day its dose has). A number is unknown when a dose whose
--        day is not known, a record that may be a
--        dose, or a timing (an outcome) that is not known could change it
with record as (
    select study, site, subject_id, form_id, instrument, paramcd, visit, visit_order, assessed_on, ady, aval, pomp, is_baseline,
    from core.primary
    where is_used
),
counted as (
    -- an undated dose of no dated session may lie anywhere after randomization
    select d.study, d.site, d.subject_id, d.session_no, d.is_1_2h_before, d.is_over60_before, u.outcome,
        coalesce(d.dosed_on, d.session_on) as day_on, coalesce(d.dosed_on, d.session_on, d.randomized_on) as earliest_on,
        coalesce(d.session_on, d.dosed_on, d.randomized_on) as held_on,
    from core.dose_timing as d
    left join core.session_suds as u
        on d.study = u.study and d.site = u.site and d.subject_id = u.subject_id and d.session_no = u.session_no
    where d.taken
),
placed as (
    select r.form_id, d.*,
        coalesce(d.earliest_on <= r.assessed_on, d.earliest_on is null) as is_dosed,
        coalesce(d.held_on <= r.assessed_on, d.held_on is null) as is_held,
    from record as r
    inner join counted as d on r.study = d.study and r.site = d.site and r.subject_id = d.subject_id
    where r.assessed_on is not null
),
dose as (
    select
        form_id,
        count(*) filter (is_dosed and day_on is not null) as n_doses,
        count(*) filter (is_dosed and day_on is null) as n_undated,
        count(*) filter (is_dosed and is_1_2h_before) / nullif(count(is_1_2h_before) filter (is_dosed), 0) as share_1_2h_before,
        count(*) filter (is_dosed and is_over60_before) / nullif(count(is_over60_before) filter (is_dosed), 0) as share_over60_before,
        count(is_1_2h_before) filter (is_dosed) = count(*) filter (is_dosed) as is_all_timed,
        count(is_over60_before) filter (is_dosed) = count(*) filter (is_dosed) as is_all_over60_known,
        count(distinct session_no) filter (is_held and outcome = 'GOOD') / nullif(count(distinct session_no) filter (is_held), 0) as share_good,
        bool_and(session_no is not null and coalesce(outcome, 'UNKNOWN') <> 'UNKNOWN') filter (is_held) as is_all_outcome_known,
    from placed
    group by form_id
),
doubt as (
    select r.form_id, count(*) as n_possible,
    from record as r
    inner join core.loose_dose as q on r.study = q.study and r.site = q.site and r.subject_id = q.subject_id
    inner join core.subject as s on r.study = s.study and r.site = s.site and r.subject_id = s.subject_id
    where (not q.is_kept or q.taken is null) and coalesce(coalesce(q.day_on, s.randomized_on) <= r.assessed_on, true)
    group by r.form_id
),
known as (
    select
        r.form_id,
        coalesce(d.n_doses, 0) as n_doses,
        r.assessed_on is not null and coalesce(d.n_undated, 0) + coalesce(q.n_possible, 0) = 0 as is_count_known,
        case when d.is_all_timed then d.share_1_2h_before end as share_1_2h_before,
        case when d.is_all_over60_known then d.share_over60_before end as share_over60_before,
        case when d.is_all_outcome_known then d.share_good end as share_good,
    from record as r
    left join dose as d on r.form_id = d.form_id
    left join doubt as q on r.form_id = q.form_id
)

select
    r.study::varchar as study,
    r.site::varchar as site,
    r.subject_id::varchar as subject_id,
    s.usubjid,
    t.disorder,
    r.instrument::varchar as instrument,
    r.paramcd::varchar as paramcd,
    r.visit,
    r.visit_order,
    r.ady,
    (r.assessed_on - b.assessed_on) / 7.0 as week,
    r.aval,
    r.pomp,
    b.pomp as pomp_baseline,
    r.is_baseline,
    s.arm_label,
    case when d.is_count_known or d.n_doses >= e.dose_plateau then least(d.n_doses, e.dose_plateau)::integer end as n_doses_capped,
    case when d.is_count_known then d.share_1_2h_before end as share_1_2h_before,
    case when d.is_count_known then d.share_over60_before end as share_over60_before,
    case when d.is_count_known then d.share_good end as share_good,
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
inner join known as d on r.form_id = d.form_id
left join core.subject_medication as m on r.study = m.study and r.site = m.site and r.subject_id = m.subject_id
