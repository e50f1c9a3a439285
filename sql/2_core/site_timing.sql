-- core.site_timing: how many of a site's doses lie outside the trial's window, and whether moving all their clocks alike puts them inside
-- Grain: study, site
-- Reads: core.dose_timing, ref.evidence
-- Why:   a clock that is declared wrong moves every dose of a site; one dose cannot tell. n_doses and n_outside: doses whose timing is
--        known. n_far: doses outside of it by whatever lag, also an implausible one. shift_min: by how many minutes the clocks of the
--        doses would have to be set on (or back) for most of those to lie inside: by the zone's offset from UTC, which may tell summer
--        from winter, or else by half hours, the middle one of equal ones. least_shift_min: the least of them. n_shifted: how many then do.
--        n_alike: how many of the n_timed doses before a session lie the same minutes before it, as planned times do and real ones do not;
--        n_on_hour: how many of them were taken on the hour
with dosed as (
    select
        d.unit, d.study, d.site, d.row_id, d.source_file, d.in_window, d.is_timed, d.utc_offset_min,
        case when d.time_point = 'PRE' and d.is_timed then round(d.lag_to_start_min) end as lag_min,
        lag_min is not null and minute(d.dosed_at_site) = 0 as is_on_hour,
        d.window_lag_min is not null and d.window_to_min is not null as is_measured,
        d.window_lag_min between d.window_from_min and d.window_to_min as is_inside,
        -- the minutes between which the dose's clock would have to be set on
        case d.time_point when 'PRE' then d.window_lag_min - d.window_to_min else d.window_from_min - d.window_lag_min end as least_min,
        case d.time_point when 'PRE' then d.window_lag_min - d.window_from_min else d.window_to_min - d.window_lag_min end as most_min,
    from core.dose_timing as d
    where d.taken
),
counted as (
    select
        unit, study, site,
        arg_min(source_file, row_id) as source_file,
        count(*) filter (is_timed and in_window is not null) as n_doses,
        count(*) filter (is_timed and not in_window) as n_outside,
        count(*) filter (is_measured) as n_measured,
        count(*) filter (is_measured and not is_inside) as n_far,
        count(lag_min) as n_timed,
        coalesce(list_max(map_values(histogram(lag_min))), 0) as n_alike,
        count(*) filter (is_on_hour) as n_on_hour,
    from dosed
    group by unit, study, site
),
far as (
    select d.study, d.site, d.least_min, d.most_min, d.utc_offset_min,
    from dosed as d
    inner join counted as c on d.study = c.study and d.site = c.site
    cross join ref.evidence as e
    where d.is_measured and not d.is_inside and c.n_far >= e.site_timing_min_doses
),
step as (
    select unnest(range(-1440, 1441, 30)) as shift_min,
),
way as (
    select unnest([1, -1]) as way,
),
moved as (
    select f.study, f.site, s.shift_min, false as is_offset, count(*) as n_shifted,
    from far as f
    inner join step as s on s.shift_min between f.least_min and f.most_min
    group by f.study, f.site, s.shift_min
    union all
    -- the zone's offset of the dose's own day: an hour more in summer
    select f.study, f.site, mode(f.utc_offset_min * s.way order by f.utc_offset_min) as shift_min, true as is_offset, count(*) as n_shifted,
    from far as f
    inner join way as s on f.utc_offset_min * s.way between f.least_min and f.most_min
    group by f.study, f.site, s.way
),
most as (
    select study, site, shift_min, is_offset, n_shifted,
    from moved
    qualify n_shifted = max(n_shifted) over (partition by study, site)
),
best as (
    select
        study, site, n_shifted,
        coalesce(min(shift_min) filter (is_offset), quantile_disc(shift_min, 0.5)) as shift_min,
        min(abs(shift_min)) as least_shift_min,
        bool_or(is_offset) as is_offset,
    from most
    group by study, site, n_shifted
)

select
    c.unit,
    c.study,
    c.site,
    null::varchar as subject_id,
    c.site as record_key,
    c.source_file,
    null::bigint as source_row,
    c.n_doses,
    c.n_outside,
    c.n_measured,
    c.n_far,
    c.n_timed,
    c.n_alike,
    c.n_on_hour,
    b.shift_min,
    b.least_shift_min,
    coalesce(b.is_offset, false) as is_offset,
    coalesce(b.n_shifted, 0) as n_shifted,
from counted as c
left join best as b on c.study = b.study and c.site = b.site
