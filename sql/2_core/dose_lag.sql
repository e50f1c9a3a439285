-- core.dose_lag: each dose outside the trial's window, beside the participant's doses inside it
-- Grain: study, site, subject_id, dose_seq; only taken doses outside the window
-- Reads: core.dose_timing, ref.evidence
-- Why:   a clock hour typed wrong leaves a dose near its session, where it looks like a late or an early one. Somebody who otherwise
--        takes the capsule at about the same time makes it stand out, in a trial of few doses the window itself; not where many of the
--        site's doses lie outside it, or as far outside it
with outside as (
    select
        d.unit, d.study, d.site, d.subject_id, d.dose_seq, d.time_point, d.window_lag_min, d.record_key, d.source_file, d.source_row,
        d.dosed_at_raw, greatest(d.window_from_min - d.window_lag_min, d.window_lag_min - d.window_to_min) as beyond_min,
    from core.dose_timing as d
    where d.taken and not d.in_window and d.window_lag_min is not null
),
inside as (
    select d.study, d.site, d.subject_id, d.time_point, count(*) as n_inside, median(d.window_lag_min) as usual_min,
    from core.dose_timing as d
    semi join outside as o on d.study = o.study and d.site = o.site and d.subject_id = o.subject_id
    where d.taken and d.in_window
    group by d.study, d.site, d.subject_id, d.time_point
),
at_site as (
    select
        d.study, d.site, count(*) as n_site, count(*) filter (not d.in_window) as n_site_outside,
        count(*) filter (greatest(d.window_from_min - d.window_lag_min, d.window_lag_min - d.window_to_min) >= e.lag_off_min) as n_site_far,
    from core.dose_timing as d
    cross join ref.evidence as e
    where d.taken and d.in_window is not null and d.window_lag_min is not null
    group by d.study, d.site
)

select
    o.unit, o.study, o.site, o.subject_id, o.dose_seq, coalesce(i.n_inside, 0) as n_inside, o.window_lag_min - i.usual_min as off_min,
    o.beyond_min,
    t.n_site, t.n_site_outside, t.n_site_far,
    o.dosed_at_raw, o.record_key, o.source_file, o.source_row,
from outside as o
inner join at_site as t on o.study = t.study and o.site = t.site
left join inside as i on o.study = i.study and o.site = i.site and o.subject_id = i.subject_id and o.time_point = i.time_point
