-- core.site_rating: how often a site's fear ends at zero, and how high its ratings on 0-10 reach
-- Grain: study, site, scale
-- Reads: intake.rating
-- Why:   where fear ends at 0 again and again, and hardly ever just above it, 0 may stand for "not rated". Ratings declared on 0-10 that
--        reach 8 often and never pass it look like 0-8
select
    r.unit, r.study, r.site,
    null::varchar as subject_id,
    r.site || '|' || r.scale as record_key,
    arg_min(r.source_file, r.row_id) as source_file,
    null::bigint as source_row,
    r.scale,
    count(r.end_suds) as n_ends,
    count(*) filter (r.end_suds = 0) as n_zero,
    count(*) filter (r.end_suds > 0 and r.end_suds <= 15) as n_low,
    count(r.begin_suds) + count(r.peak_suds) + count(r.end_suds) as n_ratings,
    count(*) filter (greatest(r.begin_suds, r.peak_suds, r.end_suds) > 80) as n_above_8,
    count(*) filter (greatest(r.begin_suds, r.peak_suds, r.end_suds) = 80) as n_at_8,
from intake.rating as r
group by r.unit, r.study, r.site, r.scale
