-- core.session_length: how long each session took, and how long sessions usually take at the site
-- Grain: study, site, subject_id, session_no
-- Reads: core.session
-- Why:   the end of the session tells a dose during it from one after it. An hour typed wrong in the start or the end is far from three
--        times the plan, but stands out where the site's sessions take nearly the same time
select
    v.unit, v.study, v.site, v.subject_id, v.session_no, v.record_key, v.source_file, v.source_row,
    (epoch_us(v.ended_at_utc) - epoch_us(v.started_at_utc)) / 6e7 as length_min,
    count(*) over of_site as n_sessions,
    median(length_min) over of_site as usual_length_min,
    quantile_cont(length_min, 0.9) over of_site - quantile_cont(length_min, 0.1) over of_site as spread_min,
from core.session as v
where v.attended and v.ended_at_utc is not null and v.started_at_utc is not null
window of_site as (partition by v.unit, v.study, v.site)
