-- core.site_session: how many of a site's sessions last far longer or shorter than planned, and whether they move with summer time
-- Grain: study, site
-- Reads: core.session, core.subject_clock, ref.trial, ref.evidence
-- Why:   ends that are written in another clock than the starts move every session by the same hour; one session cannot tell.
--        A participant who comes at nine comes at nine in winter and in summer: where nearly all begin an hour earlier (or later) from
--        the change of the clock on, the clock times are in UTC, or all winter time, and were declared as the site's, or the other way
with crossed as (
    select
        c.study, c.site, count(*) as n_crossed,
        greatest(
            count(*) filter (c.moved_with_clock between -1.25 and -0.75), count(*) filter (c.moved_with_clock between 0.75 and 1.25)
        ) as n_moved,
    from core.subject_clock as c
    where isfinite(c.moved_with_clock)
    group by c.study, c.site
)

select
    v.unit,
    v.study,
    v.site,
    null::varchar as subject_id,
    v.site as record_key,
    arg_min(v.source_file, v.row_id) as source_file,
    null::bigint as source_row,
    count(v.length_min) as n_ended,
    count(*) filter (abs(v.length_min - t.planned_length_min) >= e.site_session_off_min) as n_length_off,
    round(median(v.length_min))::integer as usual_length_min,
    round(any_value(t.planned_length_min))::integer as planned_length_min,
    coalesce(any_value(k.n_crossed), 0) as n_crossed,
    coalesce(any_value(k.n_moved), 0) as n_moved,
from core.session as v
inner join ref.trial as t on v.study = t.study
cross join ref.evidence as e
left join crossed as k on v.study = k.study and v.site = k.site
where v.attended and t.planned_length_min is not null
group by v.unit, v.study, v.site
