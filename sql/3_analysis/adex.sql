-- analysis.adex: one row per capsule that was to be taken, with its timing, arm-blind
-- Grain: STUDYID, USUBJID, EXSEQ
-- Reads: core.dose_timing, core.subject, core.medication_at_dose, core.session_suds, ref.trial, ref.evidence
-- Why:   amounts and timing of a dose not taken are null; its session's outcome is not
select
    d.study as STUDYID,
    d.usubjid as USUBJID,
    d.site as SITEID,
    d.dose_seq as EXSEQ,
    d.session_no as SESSNO,
    d.time_point || '-SESSION' as EXTPT,
    case when d.is_planned then 'Y' when not d.is_planned then 'N' end as PLANFL,
    case when d.taken then 'Y' when not d.taken then 'N' else 'U' end as EXOCCUR,
    d.dose_mg as EXDOSE,
    case when d.dose_mg is not null then 'mg' end as EXDOSU,
    d.dose_as_recorded as EXDOSORG,
    d.dose_mg / s.weight_kg as DOSEMGKG,
    case
        when d.dose_mg < e.dose_low_mg then 'LT50'
        when d.dose_mg <= e.dose_high_mg then '50_250'
        when d.dose_mg > e.dose_high_mg then 'GT250'
    end as DOSECAT,
    case when d.dose_mg > e.dose_high_mg then 'Y' when d.dose_mg is not null then 'N' end as GT250FL,
    case
        when s.age_years >= e.pediatric_age_years or s.age_years is null or d.dose_mg is null then null
        when d.dose_mg between e.pediatric_low_mg and e.pediatric_high_mg then 'Y'
        else 'N'
    end as PEDDSFL,
    d.dosed_at_utc as EXSTDTM,
    case
        when d.utc_offset_min is not null
            then strftime(d.dosed_at_site, '%Y-%m-%dT%H:%M:%S')
                || printf(
                    '%s%02d:%02d',
                    case when d.utc_offset_min < 0 then '-' else '+' end,
                    abs(d.utc_offset_min) // 60,
                    abs(d.utc_offset_min) % 60
                )
        else coalesce(strftime(d.dosed_on, '%Y-%m-%d'), d.dosed_on_part)
    end as EXSTDTC,
    d.started_at_utc as SESDTM,
    d.exposure_started_at_utc as EXPDTM,
    d.ended_at_utc as SEEDTM,
    case when d.is_end_planned then 'Y' end as ENDIMPFL,
    d.lag_to_start_min as LAGSTRT,
    d.lag_to_exposure_min as LAGEXPO,
    d.lag_after_end_min as LAGEND,
    d.timing as TIMCAT,
    d.timing_reason as TIMREAS,
    case when d.is_1_2h_before then 'Y' when not d.is_1_2h_before then 'N' end as WIN12FL,
    case when d.is_over60_before then 'Y' when not d.is_over60_before then 'N' end as GT60FL,
    case when d.is_ge4h_before then 'Y' when not d.is_ge4h_before then 'N' end as GE4HFL,
    case when d.is_immediately_after then 'Y' when not d.is_immediately_after then 'N' end as POSTIMFL,
    case when d.in_window then 'Y' when not d.in_window then 'N' end as INWINFL,
    case when not d.is_dose_no_in_doubt then d.dose_no end as DOSENUM,
    d.days_since_previous as DOSEINT,
    case
        -- a negative interval says that the order of the doses is in doubt
        when d.days_since_previous < 0 then null
        when d.days_since_previous < e.acute_interval_days then 'Y'
        when d.days_since_previous is not null or (d.dose_no = 1 and not d.is_dose_no_in_doubt) then 'N'
    end as CHRONFL,
    coalesce(m.ad_fl, 'U') as ADDOSFL,
    coalesce(m.ssri_fl, 'U') as SSRIDFL,
    coalesce(m.bzd_fl, 'U') as BZDDFL,
    coalesce(m.psy_fl, 'U') as PSYDFL,
    coalesce(m.int_fl, 'U') as INTDFL,
    case when d.has_session_row then coalesce(u.outcome, 'UNKNOWN') end as SESSRES,
    case
        when t.tailored and d.time_point = 'POST' and d.taken = u.is_success then 'Y'
        when t.tailored and d.time_point = 'POST' and d.taken <> u.is_success then 'N'
    end as TAILFL,
    d.source_file::varchar as SRCFILE,
    d.source_row as SRCROW,
from core.dose_timing as d
inner join core.subject as s on d.study = s.study and d.site = s.site and d.subject_id = s.subject_id
inner join ref.trial as t on d.study = t.study
cross join ref.evidence as e
left join core.medication_at_dose as m
    on d.study = m.study and d.site = m.site and d.subject_id = m.subject_id and d.dose_seq = m.dose_seq
left join core.session_suds as u
    on d.study = u.study and d.site = u.site and d.subject_id = u.subject_id and d.session_no = u.session_no
order by s.subject_no, d.dose_seq
