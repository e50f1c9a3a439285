-- core.subject_clock: whether a participant's clock times lie where those of the site's other participants lie
-- Grain: study, site, subject_id
-- Reads: core.subject, core.session, core.dose_timing, ref.evidence
-- Why:   a phone or a diary in another zone moves every time of one participant; one time cannot tell. shift: minutes that a dose
--        lies earlier than the median of the site's. Night is from the evidence file's hours, on the site's clock.
--        moved_with_clock: hours by which the sessions begin later for each hour that summer time puts the clock forward; null where
--        all of them lie on one side of the change
with dosed as (
    select study, site, subject_id, lag_to_start_min,
    from core.dose_timing
    where taken and is_timed and time_point = 'PRE'
),
site as (
    select study, site, median(lag_to_start_min) as usual_min, count(*) as n_doses,
    from dosed
    group by study, site
),
shift as (
    select
        d.study, d.site, d.subject_id,
        count(*) as n_doses,
        any_value(s.n_doses) - count(*) as n_site_doses,
        min(d.lag_to_start_min - s.usual_min) as least_shift_min,
        max(d.lag_to_start_min - s.usual_min) as most_shift_min,
        median(d.lag_to_start_min - s.usual_min) as usual_shift_min,
    from dosed as d
    inner join site as s on d.study = s.study and d.site = s.site
    group by d.study, d.site, d.subject_id
),
begun as (
    select
        v.study, v.site, v.subject_id,
        count(*) as n_sessions,
        count(*) filter (hour(v.started_at_site) not between e.day_from_h and e.day_to_h - 1) as n_at_night,
        regr_slope(
            (epoch_us(v.started_at_site) % 86400000000) / 6e7,
            (epoch_us(v.started_at_site) - epoch_us(v.started_at_utc::timestamp)) / 6e7
        ) as moved_with_clock,
    from core.session as v
    cross join ref.evidence as e
    where v.attended and v.started_at_utc is not null
    group by v.study, v.site, v.subject_id
)

select
    s.unit, s.study, s.site, s.subject_id, b.n_sessions, b.n_at_night, b.moved_with_clock, d.n_doses, d.n_site_doses, d.least_shift_min, d.most_shift_min,
    d.usual_shift_min, s.record_key, s.source_file, s.source_row,
from begun as b
inner join core.subject as s on b.study = s.study and b.site = s.site and b.subject_id = s.subject_id
left join shift as d on b.study = d.study and b.site = d.site and b.subject_id = d.subject_id
