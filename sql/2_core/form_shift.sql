-- core.form_shift: administrations with answers one step outside their range, and how far the others keep from the ends
-- Grain: form_id
-- Reads: core.form, core.item_beyond, ref.item
-- Why:   judged by a rule: several answers one too high while the lowest is never used look like a form coded one too high, and
--        the other way round. Told, never shifted: only the site knows
with step as (
    select form_id, count(*) filter (is_one_too_high) as n_one_too_high, count(*) filter (is_one_too_low) as n_one_too_low,
    from core.item_beyond
    group by form_id
),
answer as (
    select f.form_id, f.instrument, unnest(f.item_values) as item_value, unnest(range(1, f.n_items + 1)) as item_no,
    from core.form as f
    semi join step as s on f.form_id = s.form_id
),
reach as (
    select
        a.form_id,
        min(a.item_value - i.item_min) as lowest_above_min,
        min(i.item_max - a.item_value) as highest_below_max,
    from answer as a
    inner join ref.item as i on a.instrument = i.instrument and a.item_no = i.item_no
    group by a.form_id
)

select
    f.unit,
    f.study,
    f.site,
    f.subject_id,
    f.form_id,
    f.instrument,
    f.n_answered,
    s.n_one_too_high,
    s.n_one_too_low,
    r.lowest_above_min,
    r.highest_below_max,
    f.record_key,
    f.source_file,
    f.source_row,
from core.form as f
inner join step as s on f.form_id = s.form_id
inner join reach as r on f.form_id = r.form_id
