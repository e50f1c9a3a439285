-- core.site_item: whether a site's answers to an instrument look as if they were coded one too high or one too low, or never the lowest
-- Grain: study, site, instrument
-- Reads: core.form, core.item_beyond, ref.item
-- Why:   1-4 where 0-3 is due shows as answers of one more than the highest while the lowest is never used; 0-4 where 1-5 is due
--        the other way round. Told, never shifted: only the site knows. Items are looked at only where an answer was one step outside
with one_beyond as (
    select
        unit, study, site, instrument,
        count(*) filter (is_one_too_high) as n_one_too_high,
        count(*) filter (is_one_too_low) as n_one_too_low,
    from core.item_beyond
    group by all
),
end_of as (
    select instrument, min(item_min) as lowest, max(item_max) as highest,
    from ref.item
    group by instrument
),
used as (
    -- nearly every site uses both ends of an instrument, and is not looked at further
    select
        f.unit, f.study, f.site, f.instrument,
        sum(f.n_answered)::bigint as n_answers,
        min(f.lowest_answer) <= any_value(e.lowest) as is_lowest_used,
        max(f.highest_answer) >= any_value(e.highest) as is_highest_used,
    from core.form as f
    inner join end_of as e on f.instrument = e.instrument
    group by f.unit, f.study, f.site, f.instrument
),
answer as (
    select f.unit, f.study, f.site, f.instrument, unnest(f.item_values) as item_value, unnest(range(1, f.n_items + 1)) as item_no,
    from core.form as f
    inner join used as u on f.unit = u.unit and f.study = u.study and f.site = u.site and f.instrument = u.instrument
    semi join one_beyond as o on f.unit = o.unit and f.study = o.study and f.site = o.site and f.instrument = o.instrument
    where not (u.is_lowest_used and u.is_highest_used)
),
reach as (
    select
        a.unit, a.study, a.site, a.instrument,
        min(a.item_value - i.item_min) as lowest_above_min,
        min(i.item_max - a.item_value) as highest_below_max,
    from answer as a
    inner join ref.item as i on a.instrument = i.instrument and a.item_no = i.item_no
    group by all
)

select
    f.unit,
    f.study,
    f.site,
    null::varchar as subject_id,
    f.instrument,
    coalesce(any_value(o.n_one_too_high), 0) as n_one_too_high,
    coalesce(any_value(o.n_one_too_low), 0) as n_one_too_low,
    any_value(u.n_answers) as n_answers,
    any_value(u.is_lowest_used) as is_lowest_used,
    any_value(case when u.is_lowest_used then 0 else r.lowest_above_min end) as lowest_above_min,
    any_value(case when u.is_highest_used then 0 else r.highest_below_max end) as highest_below_max,
    f.instrument as record_key,
    arg_min(f.source_file, f.form_id) as source_file,
    null::bigint as source_row,
from core.form as f
left join one_beyond as o on f.unit = o.unit and f.study = o.study and f.site = o.site and f.instrument = o.instrument
left join used as u on f.unit = u.unit and f.study = u.study and f.site = u.site and f.instrument = u.instrument
left join reach as r on f.unit = r.unit and f.study = r.study and f.site = r.site and f.instrument = r.instrument
group by f.unit, f.study, f.site, f.instrument
