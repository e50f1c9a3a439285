-- core.dose_deviation: what about a dose that was taken departs from the protocol
-- Grain: study, site, subject_id, dvdecod, row_id
-- Reads: core.dose_timing, core.subject, ref.arm_dose
-- Why:   sentences give numbers, in full and unrounded, never dates (dates may be shifted) and never the arm. A trial without sessions has no timing.
with planned_amount as (
    select study, string_agg(amount, ' or ' order by dose_mg) as amounts,
    from (select distinct study, dose_mg, format('{:g}', dose_mg) as amount, from ref.arm_dose) as a
    group by study
),
taken as (
    select
        d.unit, d.study, d.site, d.subject_id, d.session_no, d.dosed_on, d.dose_mg, d.is_planned, d.is_of_arms, d.in_window,
        d.nth_of_time_point, d.timing, d.timing_reason, d.n_sessions, d.source_file, d.source_row, d.row_id, d.time_point,
        d.window_from_min, d.window_to_min, d.window_lag_min,
        -- never rounded: a second decides at the edge of a window
        abs(d.window_lag_min) * 60 as lag_s,
        format('{} min', floor(round(lag_s, 3) / 60)::bigint)
        || case when round(lag_s, 3) % 60 > 0 then format(' {:g} s', round(round(lag_s, 3) % 60, 3)) else '' end as lag_text,
        coalesce(' ' || d.time_point || '-SESSION', '') as point,
        case when d.session_no is null then 'outside any session' else 'at session ' || d.session_no end as place,
        date_diff('day', d.dosed_on, s.consented_on) as days_before_consent,
        date_diff('day', s.withdrawn_on, d.dosed_on) as days_after_withdrawal,
        coalesce(a.amounts, 'no') as planned_amounts,
    from core.dose_timing as d
    inner join core.subject as s on d.study = s.study and d.site = s.site and d.subject_id = s.subject_id
    left join planned_amount as a on d.study = a.study
    where d.taken
),
found as (
    select t.row_id, 'DOSE' as dvcat, 'DOSE_UNPLANNED' as dvdecod,
        format('A{} dose was taken {}, where the protocol plans none.', t.point, t.place) as dvterm,
    from taken as t
    where not t.is_planned
    union all
    select t.row_id, 'DOSE', 'DOSE_EXTRA',
        format('This was dose {} of the{} doses taken {}, where at most one is planned.', t.nth_of_time_point, t.point, t.place),
    from taken as t
    where t.nth_of_time_point > 1
    union all
    select t.row_id, 'DOSE', 'DOSE_AMOUNT',
        format('{:g} mg was taken {}, where the protocol gives {} mg for this participant or arm.', t.dose_mg, t.place, t.planned_amounts),
    from taken as t
    where not t.is_of_arms
    union all
    select t.row_id, 'TIMING', 'TIMING_OUT_OF_WINDOW',
        case
            when t.time_point = 'PRE'
                then format('The dose was taken {} {} the reference of session {}; the window is {:g} to {:g} min before.',
                    t.lag_text, case when t.window_lag_min < 0 then 'after' else 'before' end, t.session_no, t.window_from_min,
                    t.window_to_min)
            when t.window_lag_min is not null
                then format('The dose was taken {} {} the end of session {}; the window is {:g} to {:g} min after.',
                    t.lag_text, case when t.window_lag_min < 0 then 'before' else 'after' end, t.session_no, t.window_from_min,
                    t.window_to_min)
            else format('The dose was taken before the end of session {}; the window is {:g} to {:g} min after.',
                t.session_no, t.window_from_min, t.window_to_min)
        end,
    from taken as t
    where not t.in_window
    union all
    select t.row_id, 'TIMING', 'TIMING_UNKNOWN', format('The timing of the dose taken {} is not known: {}.', t.place, t.timing_reason),
    from taken as t
    where t.timing = 'UNKNOWN' and t.n_sessions > 0
    union all
    select t.row_id, 'CONSENT', 'DOSE_BEFORE_CONSENT', format('The dose was taken {} day(s) before consent.', t.days_before_consent),
    from taken as t
    where t.days_before_consent > 0
    union all
    select t.row_id, 'CONSENT', 'DOSE_AFTER_WITHDRAWAL', format('The dose was taken {} day(s) after withdrawal.', t.days_after_withdrawal),
    from taken as t
    where t.days_after_withdrawal > 0
)

select
    t.unit,
    t.study,
    t.site,
    t.subject_id,
    f.dvcat,
    f.dvdecod,
    t.dosed_on as deviated_on,
    t.session_no,
    f.dvterm,
    t.source_file,
    t.source_row,
    t.row_id,
from found as f
inner join taken as t on f.row_id = t.row_id
