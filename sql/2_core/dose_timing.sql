-- core.dose_timing: when each dose was given, relative to its session
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose_measured, ref.trial, ref.evidence
-- Why:   a session without an end lends its planned length to the category only. After the start, with neither an end nor
--        a planned length, the category is UNKNOWN for NO_SESSION_TIME. A dose not taken has no timing. An exposure start that
--        was recorded and withheld is unknown: the session's start does not stand in for it.
--        What is said of a category is worked out once and kept: written into each other, its words would be planned a dozen times.
with reasoned as materialized (
    select
        m.row_id,
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
    from core.dose_measured as m
    cross join ref.evidence as e
),
placed as materialized (
    select
        m.row_id,
        r.timing_reason,
        case
            when m.taken = false then null
            when r.timing_reason is not null then 'UNKNOWN'
            when m.lag_to_start_min >= e.timing_ge4h_min then 'PRE_GE4H'
            when m.lag_to_start_min > e.timing_2h_min then 'PRE_2_4H'
            when m.lag_to_start_min >= e.timing_1h_min then 'PRE_1_2H'
            when m.lag_to_start_min > 0 then 'PRE_LT1H'
            when m.after_end_or_planned_min < 0 then 'DURING'
            when m.after_end_or_planned_min <= e.timing_post_immediate_min then 'POST_IMM'
            else 'POST_LATE'
        end as timing,
        timing <> 'UNKNOWN' as is_timed,
        -- minutes that the trial's own window is about: before its reference (PRE), after the end (POST)
        case
            when m.time_point = 'POST' then m.lag_after_end_min
            when m.time_point = 'PRE' and t.pre_reference is distinct from 'exposure_start' then m.lag_to_start_min
            when m.time_point = 'PRE' and not m.is_exposure_withheld then coalesce(m.lag_to_exposure_min, m.lag_to_start_min)
        end as window_lag_min,
        case m.time_point when 'PRE' then t.pre_from_min when 'POST' then t.post_from_min end as window_from_min,
        case m.time_point when 'PRE' then t.pre_to_min when 'POST' then t.post_to_min end as window_to_min,
    from core.dose_measured as m
    inner join reasoned as r on m.row_id = r.row_id
    inner join ref.trial as t on m.study = t.study
    cross join ref.evidence as e
)

select
    m.unit, m.study, m.site, m.subject_id, m.usubjid, m.dose_seq, m.session_no, m.link, m.time_point, m.is_planned, m.taken, m.dose_mg,
    m.is_of_arms, m.dose_as_recorded, m.dosed_at_utc, m.dosed_on, m.dosed_on_part, m.dosed_at_site,
    ((epoch(m.dosed_at_site) - epoch(m.dosed_at_utc)) / 60)::integer as utc_offset_min,
    m.dosed_at_fault, m.dose_no, m.is_dose_no_in_doubt, m.days_since_previous, m.nth_of_time_point, m.n_sessions, m.consented_on,
    m.randomized_on, m.withdrawn_on, m.has_session_row, m.session_set_aside, m.session_attended, m.started_at_utc, m.session_on,
    m.exposure_started_at_utc, m.ended_at_utc, m.lag_to_start_min, m.lag_to_exposure_min, m.lag_after_end_min, p.timing_reason, p.timing,
    p.is_timed,
    p.is_timed and m.lag_to_start_min <= 0 and m.ended_at_utc is null as is_end_planned,
    case when p.is_timed then m.lag_to_start_min between e.timing_1h_min and e.timing_2h_min end as is_1_2h_before,
    case
        -- the exposure never starts before its session: over 60 min before the one is over 60 min before the other
        when p.is_timed and m.is_exposure_withheld and m.lag_to_start_min > e.timing_over60_min then true
        when p.is_timed and not m.is_exposure_withheld then coalesce(m.lag_to_exposure_min, m.lag_to_start_min) > e.timing_over60_min
    end as is_over60_before,
    case when p.is_timed then m.lag_to_start_min >= e.timing_ge4h_min end as is_ge4h_before,
    case when p.is_timed then p.timing = 'POST_IMM' end as is_immediately_after,
    coalesce(p.window_lag_min between p.window_from_min and p.window_to_min, false) as is_inside,
    case
        when not coalesce(p.is_timed, false) or p.window_to_min is null then null
        when p.window_lag_min is not null then is_inside
        -- a POST dose before the start was not after the end, wherever that lies
        when m.time_point = 'POST' and p.window_from_min >= 0 and m.lag_to_start_min >= 0 then false
    end as in_window,
    p.window_lag_min, p.window_from_min, p.window_to_min,
    -- hours by which the dose's clock would have to move to lie inside the window, when exactly half a day does it
    case
        when m.taken = false or is_inside then null
        when p.window_lag_min + 12 * 60 between p.window_from_min and p.window_to_min
            then case m.time_point when 'PRE' then -12 else 12 end
        when p.window_lag_min - 12 * 60 between p.window_from_min and p.window_to_min
            then case m.time_point when 'PRE' then 12 else -12 end
    end as am_pm_shift_h,
    m.record_key, m.source_file, m.source_row, m.row_id, m.session_no_raw, m.dose_mg_raw, m.dosed_at_raw, m.taken_raw,
from core.dose_measured as m
inner join placed as p on m.row_id = p.row_id
cross join ref.evidence as e
