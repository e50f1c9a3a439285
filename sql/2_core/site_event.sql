-- core.site_event: how many of a site's adverse events are called serious
-- Grain: study, site
-- Reads: core.adverse_event
-- Why:   where yes and no are exchanged, nearly all are; one event cannot tell
select
    a.unit,
    a.study,
    a.site,
    null::varchar as subject_id,
    a.site as record_key,
    arg_min(a.source_file, a.row_id) as source_file,
    null::bigint as source_row,
    count(*) as n_events,
    count(*) filter (a.serious) as n_serious,
from core.adverse_event as a
where a.is_event and a.serious is not null
group by a.unit, a.study, a.site
