-- core.dose_timing: when each dose was given, relative to its session
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose, core.dose_count, core.session, staging.session, core.subject, ref.trial, ref.evidence
-- Why:   lags are elapsed time in UTC; date_diff('minute', ...) counts clock minutes crossed, which is not the same.
--        A session without an end lends its planned length to the category only. After the start, with neither an end nor
--        a planned length, the category is UNKNOWN for NO_SESSION_TIME. A dose not taken has no timing. An exposure start that
--        was recorded and withheld is unknown: the session's start does not stand in for it.
with sent as (
    select distinct study, site, subject_id, session_no
    from staging.session
),
measured as (
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
        -- minutes that the trial's own window is about: before its reference (PRE), after the end (POST)
        case
            when d.time_point = 'POST' then lag_after_end_min
            when d.time_point = 'PRE' and t.pre_reference is distinct from 'exposure_start' then lag_to_start_min
            when d.time_point = 'PRE' and not v.is_exposure_withheld then coalesce(lag_to_exposure_min, lag_to_start_min)
        end as window_lag_min,
        case d.time_point when 'PRE' then t.pre_from_min when 'POST' then t.post_from_min end as window_from_min,
        case d.time_point when 'PRE' then t.pre_to_min when 'POST' then t.post_to_min end as window_to_min,
    from core.dose as d
    inner join core.dose_count as n on d.row_id = n.row_id
    inner join core.subject as s on d.study = s.study and d.site = s.site and d.subject_id = s.subject_id
    inner join ref.trial as t on d.study = t.study
    left join core.session as v
        on d.study = v.study and d.site = v.site and d.subject_id = v.subject_id and d.session_no = v.session_no
    left join sent as q on d.study = q.study and d.site = q.site and d.subject_id = q.subject_id and d.session_no = q.session_no
)

select
    m.unit,
    m.study,
    m.site,
    m.subject_id,
    m.usubjid,
    m.dose_seq,
    m.session_no,
    m.link,
    m.time_point,
    m.is_planned,
    m.taken,
    m.dose_mg,
    m.is_of_arms,
    m.dose_as_recorded,
    m.dosed_at_utc,
    m.dosed_on,
    m.dosed_on_part,
    m.dosed_at_site,
    ((epoch(m.dosed_at_site) - epoch(m.dosed_at_utc)) / 60)::integer as utc_offset_min,
    m.dosed_at_fault,
    m.dose_no,
    m.is_dose_no_in_doubt,
    m.days_since_previous,
    m.nth_of_time_point,
    m.n_sessions,
    m.consented_on,
    m.randomized_on,
    m.withdrawn_on,
    m.has_session_row,
    m.session_set_aside,
    m.session_attended,
    m.started_at_utc,
    m.session_on,
    m.exposure_started_at_utc,
    m.ended_at_utc,
    m.lag_to_start_min,
    m.lag_to_exposure_min,
    m.lag_after_end_min,
    case
        when m.taken = false then null
        when m.dosed_at_utc is null and m.dosed_at_fault in ('ambiguous_local_time', 'nonexistent_local_time')
            then upper(m.dosed_at_fault)
        when m.dosed_at_utc is null then 'NO_DOSE_TIME'
        when not m.has_session_row then 'NO_SESSION'
        when m.started_at_utc is null and m.started_at_fault in ('ambiguous_local_time', 'nonexistent_local_time')
            then upper(m.started_at_fault)
        when m.started_at_utc is null then 'NO_SESSION_TIME'
        when abs(m.lag_to_start_min) > e.implausible_lag_min then 'IMPLAUSIBLE_LAG'
        when m.lag_to_start_min <= 0 and m.after_end_or_planned_min is null then 'NO_SESSION_TIME'
    end as timing_reason,
    case
        when m.taken = false then null
        when timing_reason is not null then 'UNKNOWN'
        when m.lag_to_start_min >= e.timing_ge4h_min then 'PRE_GE4H'
        when m.lag_to_start_min > e.timing_2h_min then 'PRE_2_4H'
        when m.lag_to_start_min >= e.timing_1h_min then 'PRE_1_2H'
        when m.lag_to_start_min > 0 then 'PRE_LT1H'
        when m.after_end_or_planned_min < 0 then 'DURING'
        when m.after_end_or_planned_min <= e.timing_post_immediate_min then 'POST_IMM'
        else 'POST_LATE'
    end as timing,
    timing <> 'UNKNOWN' as is_timed,
    is_timed and m.lag_to_start_min <= 0 and m.ended_at_utc is null as is_end_planned,
    case when is_timed then m.lag_to_start_min between e.timing_1h_min and e.timing_2h_min end as is_1_2h_before,
    case
        -- the exposure never starts before its session: over 60 min before the one is over 60 min before the other
        when is_timed and m.is_exposure_withheld and m.lag_to_start_min > e.timing_over60_min then true
        when is_timed and not m.is_exposure_withheld then coalesce(m.lag_to_exposure_min, m.lag_to_start_min) > e.timing_over60_min
    end as is_over60_before,
    case when is_timed then m.lag_to_start_min >= e.timing_ge4h_min end as is_ge4h_before,
    case when is_timed then timing = 'POST_IMM' end as is_immediately_after,
    coalesce(m.window_lag_min between m.window_from_min and m.window_to_min, false) as is_inside,
    case
        when not coalesce(is_timed, false) or m.window_to_min is null then null
        when m.window_lag_min is not null then is_inside
        -- a POST dose before the start was not after the end, wherever that lies
        when m.time_point = 'POST' and m.window_from_min >= 0 and m.lag_to_start_min >= 0 then false
    end as in_window,
    m.window_lag_min,
    m.window_from_min,
    m.window_to_min,
    -- hours by which the dose's clock would have to move to lie inside the window, when exactly half a day does it
    case
        when m.taken = false or is_inside then null
        when m.window_lag_min + 12 * 60 between m.window_from_min and m.window_to_min
            then case m.time_point when 'PRE' then -12 else 12 end
        when m.window_lag_min - 12 * 60 between m.window_from_min and m.window_to_min
            then case m.time_point when 'PRE' then 12 else -12 end
    end as am_pm_shift_h,
    m.record_key,
    m.source_file,
    m.source_row,
    m.row_id,
    m.session_no_raw,
    m.dose_mg_raw,
    m.dosed_at_raw,
    m.taken_raw,
from measured as m
cross join ref.evidence as e
