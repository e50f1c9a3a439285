-- core.items_sent: instruments that a site delivers in items
-- Grain: unit, site, instrument
-- Reads: core.form, intake.wide_file
-- Why:   an instrument counts as delivered in totals only when the site's mapping names no column for its items and none came
--        one a row. Anywhere else a total without its items is one that nobody has checked
with said as (
    select distinct unit, instrument
    from intake.wide_file
    where instrument is not null
),
answered as (
    select unit, site, instrument, bool_or(n_answered > 0 or n_faulty > 0) as has_items
    from core.form
    group by all
)

select a.unit, a.site, a.instrument
from answered as a
left join said as s on a.unit = s.unit and a.instrument = s.instrument
where a.has_items or s.instrument is not null
