-- core.consent_gap: how many days lie between each participant's consent and randomization, and how many usually do at the site
-- Grain: study, site, subject_id
-- Reads: core.subject
-- Why:   screening takes about as long for all of a site's participants; a month typed wrong, or day and month exchanged, stands out
--        long before half a year
select
    s.unit, s.study, s.site, s.subject_id, s.record_key, s.source_file, s.source_row,
    s.randomized_on - s.consented_on as gap_days,
    count(*) over of_site as n_participants,
    median(gap_days) over of_site as usual_gap_days,
    quantile_cont(gap_days, 0.8) over of_site as long_gap_days,
from core.subject as s
where s.randomized_on >= s.consented_on
window of_site as (partition by s.unit, s.study, s.site)
