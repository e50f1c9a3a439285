-- core.dose_measured: each dose beside its session, and the minutes between them
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose, core.dose_count, core.session, staging.session, core.subject, ref.trial
-- Why:   lags are elapsed time in UTC; date_diff('minute', ...) counts clock minutes crossed, which is not the same.
with sent as (
    select distinct study, site, subject_id, session_no
    from staging.session
)

select
    d.unit, d.study, d.site, d.subject_id, d.usubjid, d.session_no, d.link, d.time_point, d.is_planned, d.taken, d.dose_mg,
    d.is_of_arms, d.dose_as_recorded, d.dosed_at_utc, d.dosed_on, d.dosed_on_part, d.dosed_at_site, d.dosed_at_fault, d.n_sessions,
    d.record_key, d.source_file, d.source_row, d.row_id, d.session_no_raw, d.dose_mg_raw, d.dosed_at_raw, d.taken_raw,
    n.dose_seq, n.dose_no, n.is_dose_no_in_doubt, n.days_since_previous, n.nth_of_time_point,
    s.consented_on, s.randomized_on, s.withdrawn_on,
    v.session_no is not null as has_session_row,
    v.session_no is null and q.session_no is not null as session_set_aside,
    v.attended as session_attended,
    v.started_at_utc,
    v.started_at_fault,
    v.started_on as session_on,
    v.exposure_started_at_utc,
    v.ended_at_utc,
    v.is_exposure_withheld,
    -- in whole microseconds: seconds as binary fractions would put 60 minutes sharp a hair beyond 60
    (epoch_us(v.started_at_utc) - epoch_us(d.dosed_at_utc)) / 6e7 as lag_to_start_min,
    (epoch_us(v.exposure_started_at_utc) - epoch_us(d.dosed_at_utc)) / 6e7 as lag_to_exposure_min,
    (epoch_us(d.dosed_at_utc) - epoch_us(v.ended_at_utc)) / 6e7 as lag_after_end_min,
    coalesce(lag_after_end_min, -lag_to_start_min - t.planned_length_min) as after_end_or_planned_min,
from core.dose as d
inner join core.dose_count as n on d.row_id = n.row_id
inner join core.subject as s on d.study = s.study and d.site = s.site and d.subject_id = s.subject_id
inner join ref.trial as t on d.study = t.study
left join core.session as v
    on d.study = v.study and d.site = v.site and d.subject_id = v.subject_id and d.session_no = v.session_no
left join sent as q on d.study = q.study and d.site = q.site and d.subject_id = q.subject_id and d.session_no = q.session_no
