-- core.subject_weight: each adult's weight beside those of the site's adults
-- Grain: study, site, subject_id
-- Reads: core.subject
-- Why:   one weight in pounds is possible, but not like the others; three of four adults of the site weigh upper_weight_kg or less,
--        which one or a few odd weights do not move
with adult as (
    select study, site, count(*) - 1 as n_others, quantile_cont(weight_kg, 0.75) as upper_weight_kg,
    from core.subject
    where age_group = 'ADULT' and weight_kg is not null
    group by study, site
)

select s.unit, s.study, s.site, s.subject_id, s.weight_kg, a.n_others, a.upper_weight_kg, s.record_key, s.source_file, s.source_row,
from core.subject as s
inner join adult as a on s.study = a.study and s.site = a.site
where s.age_group = 'ADULT' and s.weight_kg is not null
