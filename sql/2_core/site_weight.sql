-- core.site_weight: how many of a site's adults and children are unusually heavy
-- Grain: study, site
-- Reads: core.subject, ref.evidence
-- Why:   pounds in a column of kilograms are possible weights one by one, but not all together. Children are held against the weight
--        that a formula expects at their age
select
    s.unit,
    s.study,
    s.site,
    null::varchar as subject_id,
    s.site as record_key,
    arg_min(s.source_file, s.source_row) as source_file,
    null::bigint as source_row,
    count(*) filter (s.age_group = 'ADULT') as n_adults,
    count(*) filter (s.age_group = 'ADULT' and s.weight_kg > e.weight_heavy_adult_kg) as n_heavy_adults,
    count(*) filter (s.age_group = 'PEDIATRIC') as n_children,
    count(*) filter (
        s.age_group = 'PEDIATRIC' and s.weight_kg > e.weight_heavy_child_ratio * (e.weight_child_per_year_kg * s.age_years + e.weight_child_at_birth_kg)
    ) as n_heavy_children,
from core.subject as s
cross join ref.evidence as e
where s.weight_kg is not null
group by s.unit, s.study, s.site
