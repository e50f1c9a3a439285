-- core.exposure_delay: how long after its start each session's exposure began, and how long it usually is at the site
-- Grain: study, site, subject_id, session_no
-- Reads: core.session
-- Why:   the exposure is what "more than 60 minutes before" is counted to. A clock hour typed wrong leaves it inside the session and
--        moves the lag by an hour; where a site begins its exposures at about the same minute, such a one stands out
select
    v.unit, v.study, v.site, v.subject_id, v.session_no, v.record_key, v.source_file, v.source_row,
    (epoch_us(v.exposure_started_at_utc) - epoch_us(v.started_at_utc)) / 6e7 as delay_min,
    count(*) over of_site as n_sessions,
    count(*) filter (v.exposure_started_at_utc = v.started_at_utc) over of_site as n_at_start,
    median(delay_min) over of_site as usual_delay_min,
    quantile_cont(delay_min, 0.9) over of_site - quantile_cont(delay_min, 0.1) over of_site as spread_min,
from core.session as v
where v.attended and v.exposure_started_at_utc is not null and v.started_at_utc is not null
window of_site as (partition by v.unit, v.study, v.site)
