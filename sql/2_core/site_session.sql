-- core.site_session: how many of a site's sessions last far longer or shorter than the protocol plans
-- Grain: study, site
-- Reads: core.session, ref.trial, ref.evidence
-- Why:   ends that are written in another clock than the starts move every session by the same hour; one session cannot tell
select
    v.unit,
    v.study,
    v.site,
    null::varchar as subject_id,
    v.site as record_key,
    arg_min(v.source_file, v.row_id) as source_file,
    null::bigint as source_row,
    count(*) as n_ended,
    count(*) filter (abs(v.length_min - t.planned_length_min) >= e.site_session_off_min) as n_length_off,
    round(median(v.length_min))::integer as usual_length_min,
    round(any_value(t.planned_length_min))::integer as planned_length_min,
from core.session as v
inner join ref.trial as t on v.study = t.study
cross join ref.evidence as e
where v.attended and v.length_min is not null and t.planned_length_min is not null
group by v.unit, v.study, v.site
