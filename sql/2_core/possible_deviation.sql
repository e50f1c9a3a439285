-- core.possible_deviation: the kinds of departure from the protocol that a record in doubt may hide
-- Grain: study, site, subject_id, dvdecod
-- Reads: core.doubtful_dose, core.dose_timing, core.planned_dose, core.session, core.medication, core.medication_lost,
--        core.treatment_period, core.form_visit
-- Why:   core.deviation holds what is certain. A record that may be a dose, a value that is withheld, a drug without a code may be a
--        departure or not: who reads the populations must know where they could change
with found as (
    select
        study, site, subject_id,
        unnest([
            'DOSE_UNPLANNED', 'DOSE_EXTRA', 'DOSE_AMOUNT', 'TIMING_OUT_OF_WINDOW', 'TIMING_UNKNOWN', 'DOSE_BEFORE_CONSENT',
            'DOSE_AFTER_WITHDRAWAL'
        ]) as dvdecod,
    from core.doubtful_dose
    union all
    select
        d.study, d.site, d.subject_id,
        unnest([
            case when d.is_planned is null and d.n_sessions > 0 then 'DOSE_UNPLANNED' end,
            case when d.nth_of_time_point is null and d.n_sessions > 0 then 'DOSE_EXTRA' end,
            case when d.is_of_arms is null then 'DOSE_AMOUNT' end,
            case when d.in_window is null and (d.window_to_min is not null or d.time_point is null) then 'TIMING_OUT_OF_WINDOW' end,
            case when d.dosed_on is null or d.consented_on is null then 'DOSE_BEFORE_CONSENT' end,
        ]),
    from core.dose_timing as d
    where d.taken
    union all
    select
        p.study, p.site, p.subject_id,
        unnest([
            case when (p.is_expected and not p.is_taken) is null then 'DOSE_MISSED' end,
            case when p.is_tailored and (p.is_taken is null or p.is_expected is null) then 'TAILORING_DISCORDANT' end,
        ]),
    from core.planned_dose as p
    union all
    select v.study, v.site, v.subject_id, 'SESSION_MISSED',
    from core.session as v
    where v.attended is null and v.is_due
    union all
    select m.study, m.site, m.subject_id, 'PROHIBITED_MEDICATION',
    from core.medication as m
    left join core.treatment_period as t on m.study = t.study and m.site = t.site and m.subject_id = t.subject_id
    where
        m.is_prohibited is not false and t.n_taken > 0 and not m.is_over_before_dosing
        and not coalesce(m.start_earliest > t.last_on, false)
        and not coalesce(m.is_prohibited and m.start_latest <= t.known_last_on and m.end_earliest >= t.known_first_on, false)
    union all
    select l.study, l.site, l.subject_id, 'PROHIBITED_MEDICATION',
    from core.medication_lost as l
    union all
    select f.study, f.site, f.subject_id, 'VISIT_OUT_OF_WINDOW',
    from core.form_visit as f
    where f.is_labelled and f.window_to is not null and f.out_of_window is null
)

select distinct study, site, subject_id, dvdecod,
from found
where dvdecod is not null
