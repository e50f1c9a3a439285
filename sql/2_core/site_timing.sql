-- core.site_timing: how many of a site's timed doses lie outside the trial's window
-- Grain: study, site
-- Reads: core.dose_timing
-- Why:   a clock that is declared wrong moves every dose of a site; one dose cannot tell
select
    d.unit,
    d.study,
    d.site,
    null::varchar as subject_id,
    d.site as record_key,
    arg_min(d.source_file, d.row_id) as source_file,
    null::bigint as source_row,
    count(*) as n_doses,
    count(*) filter (not d.in_window) as n_outside,
from core.dose_timing as d
where d.taken and d.is_timed and d.in_window is not null
group by d.unit, d.study, d.site
