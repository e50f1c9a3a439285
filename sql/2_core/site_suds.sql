-- core.site_suds: how high a site's fear ratings reach that were declared on 0-100 or 1-100, and whether fear falls on any scale
-- Grain: study, site
-- Reads: intake.rating
-- Why:   a scale is never guessed, but a whole site that never passes 10 of 100 may well have rated on 0-10, and one whose fear hardly
--        ever falls within an exercise has begin and end in each other's column. Peaks below begin or end in many of its exercises:
--        the columns do not belong together, one was moved by a row. A peak that is the begin, or the end, in all of them is no peak:
--        one column was exported twice
select
    r.unit,
    r.study,
    r.site,
    null::varchar as subject_id,
    r.site as record_key,
    arg_min(r.source_file, r.row_id) as source_file,
    arg_min(r.source_row, r.row_id) as source_row,
    count(r.begin_suds) filter (r.scale in ('0-100', '1-100'))
    + count(r.peak_suds) filter (r.scale in ('0-100', '1-100'))
    + count(r.end_suds) filter (r.scale in ('0-100', '1-100')) as n_ratings,
    max(greatest(r.begin_suds, r.peak_suds, r.end_suds)) filter (r.scale in ('0-100', '1-100')) as highest_suds,
    count(*) filter (r.begin_suds is not null and r.end_suds is not null) as n_courses,
    count(*) filter (r.end_suds < r.begin_suds) as n_falling,
    count(*) filter (r.end_suds > r.begin_suds) as n_rising,
    count(*) filter (r.peak_suds is not null and coalesce(r.begin_suds, r.end_suds) is not null) as n_peaks,
    count(*) filter (r.peak_suds < greatest(r.begin_suds, r.end_suds)) as n_low_peaks,
    count(*) filter (r.peak_suds > 0 and r.begin_suds is not null) as n_begins,
    count(*) filter (r.peak_suds > 0 and r.begin_suds = r.peak_suds) as n_begin_is_peak,
    count(*) filter (r.peak_suds > 0 and r.end_suds is not null) as n_ends,
    count(*) filter (r.peak_suds > 0 and r.end_suds = r.peak_suds) as n_end_is_peak,
from intake.rating as r
group by all
