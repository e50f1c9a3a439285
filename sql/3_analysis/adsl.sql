-- analysis.adsl: one row per participant
-- Grain: STUDYID, USUBJID
-- Reads: core.subject, core.population, core.doubtful_dose, core.subject_dose, core.treatment_period, core.session, core.session_suds,
--        core.subject_medication, core.deviation, staging.session, intake.session, ref.trial, ref.evidence
-- Why:   counts of a participant without doses, sessions or deviations are 0, not missing. A count that a record in doubt or in
--        quarantine, or a rating that was withheld, could change is unknown; a population flag never is (core.population)
with held as (
    select
        v.study,
        v.site,
        v.subject_id,
        count(*) as n_held,
        case when count(v.attended) = count(*) then (count(*) filter (v.attended))::integer end as n_sessions,
        bool_or(u.outcome = 'UNKNOWN' and u.is_in_doubt) is true as is_outcome_in_doubt,
        (count(*) filter (u.outcome = 'GOOD'))::integer as n_good,
        (count(*) filter (u.outcome = 'BAD'))::integer as n_bad,
    from core.session as v
    left join core.session_suds as u
        on v.study = u.study and v.site = u.site and v.subject_id = u.subject_id and v.session_no = u.session_no
    group by all
),
set_aside as (
    -- a number that the protocol does not have may be that of a session that is not there
    select q.study, q.site, q.subject_id, bool_or(q.session_no between 1 and q.n_sessions) is true as has_number,
    from staging.session as q
    anti join intake.session as k on q.row_id = k.row_id
    where q.attended is distinct from false and q.dup_kind is distinct from 'superseded' and q.dup_kind is distinct from 'same'
    group by all
),
deviated as (
    select study, site, subject_id, count(*)::integer as n_deviations, (count(*) filter (is_major))::integer as n_major,
    from core.deviation
    group by all
)

select
    s.study as STUDYID,
    s.usubjid as USUBJID,
    s.site as SITEID,
    s.subject_id as SUBJID,
    t.disorder as DISORDER,
    s.age_years as AGE,
    s.age_group as AGEGR1,
    s.sex as SEX,
    s.weight_kg as WEIGHTBL,
    s.consented_on as ICFDT,
    s.randomized_on as RANDDT,
    s.arm_label as TRT01P,
    case when d.n_doses > 0 then s.arm_label end as TRT01A,
    case when t.blinded then 'Y' else 'N' end as BLINDFL,
    case when w.is_itt then 'Y' else 'N' end as ITTFL,
    case when w.is_safety then 'Y' else 'N' end as SAFFL,
    case when w.is_per_protocol then 'Y' else 'N' end as PPROTFL,
    p.first_on as TRTSDT,
    p.last_on as TRTEDT,
    case when q.n_doubtful is null then coalesce(d.n_doses, 0) end as NDOSE,
    case when q.n_doubtful is null or d.n_doses >= e.dose_plateau then least(coalesce(d.n_doses, 0), e.dose_plateau) end as NDOSECAP,
    case
        when d.n_doses > e.dose_plateau then 'Y'
        when coalesce(d.n_doses, 0) + coalesce(q.n_doubtful, 0) <= e.dose_plateau then 'N'
    end as DOSE9FL,
    case when q.n_doubtful is null then case when d.n_doses is null then 0.0 else d.total_mg end end as CUMDOSE,
    case when q.n_doubtful is null then coalesce(d.n_1_2h_before, 0) end as NWIN12,
    case when q.n_doubtful is null then coalesce(d.n_over60_before, 0) end as NGT60,
    case when q.n_doubtful is null then coalesce(d.n_ge4h_before, 0) end as NGE4H,
    case when q.n_doubtful is null then coalesce(d.n_immediately_after, 0) end as NPOSTIM,
    case when q.n_doubtful is null then coalesce(d.n_unknown_timing, 0) end as NTIMUNK,
    case when x.subject_id is null then case when h.subject_id is null then 0 else h.n_sessions end end as NSESS,
    case when x.subject_id is null and h.is_outcome_in_doubt is not true then coalesce(h.n_good, 0) end as NGOOD,
    case when x.subject_id is null and h.is_outcome_in_doubt is not true then coalesce(h.n_bad, 0) end as NBAD,
    coalesce(m.ad_bl_fl, 'U') as ADBLFL,
    coalesce(m.ad_chr_fl, 'U') as ADCHRFL,
    coalesce(m.psy_bl_fl, 'U') as PSYBLFL,
    case when s.is_withdrawn then 'Y' else 'N' end as WDFL,
    s.withdrawn_on as WDDT,
    coalesce(v.n_deviations, 0) as NDV,
    coalesce(v.n_major, 0) as NDVMAJ,
from core.subject as s
inner join ref.trial as t on s.study = t.study
inner join core.population as w on s.study = w.study and s.site = w.site and s.subject_id = w.subject_id
cross join ref.evidence as e
left join core.subject_dose as d on s.study = d.study and s.site = d.site and s.subject_id = d.subject_id
left join core.treatment_period as p on s.study = p.study and s.site = p.site and s.subject_id = p.subject_id
left join core.doubtful_dose as q on s.study = q.study and s.site = q.site and s.subject_id = q.subject_id
left join held as h on s.study = h.study and s.site = h.site and s.subject_id = h.subject_id
left join set_aside as x
    on s.study = x.study and s.site = x.site and s.subject_id = x.subject_id
    and (x.has_number or coalesce(h.n_held, 0) < t.n_sessions)
left join deviated as v on s.study = v.study and s.site = v.site and s.subject_id = v.subject_id
left join core.subject_medication as m on s.study = m.study and s.site = m.site and s.subject_id = m.subject_id
order by s.subject_no
