-- core.site_event: how many of a site's adverse events are called serious, or have a term, and whether their terms end at one length
-- Grain: study, site
-- Reads: core.adverse_event
-- Why:   where yes and no are exchanged, nearly all are; one event cannot tell. A field that holds so many letters and no more cuts
--        terms: then many different ones have the greatest length. n_longest: different terms of the greatest length; n_nearly: of the
--        three lengths below it
with told as (
    select a.unit, a.study, a.site, length(a.verbatim) as n_letters, count(distinct a.verbatim) as n_terms,
    from core.adverse_event as a
    where a.is_event
    group by a.unit, a.study, a.site, n_letters
),
longest as (
    select t.unit, t.study, t.site, max(t.n_letters) as n_letters,
    from told as t
    group by t.unit, t.study, t.site
),
cut as (
    select
        t.unit, t.study, t.site,
        any_value(l.n_letters) as longest,
        sum(t.n_terms) filter (t.n_letters = l.n_letters)::integer as n_longest,
        coalesce(sum(t.n_terms) filter (t.n_letters < l.n_letters), 0)::integer as n_nearly,
    from told as t
    inner join longest as l on t.unit = l.unit and t.study = l.study and t.site = l.site and t.n_letters between l.n_letters - 3 and l.n_letters
    group by t.unit, t.study, t.site
)

select
    a.unit,
    a.study,
    a.site,
    null::varchar as subject_id,
    a.site as record_key,
    arg_min(a.source_file, a.row_id) as source_file,
    null::bigint as source_row,
    count(a.serious) as n_events,
    count(*) filter (a.serious) as n_serious,
    count(*) as n_reported,
    count(a.term) as n_coded,
    any_value(c.longest) as longest,
    any_value(c.n_longest) as n_longest,
    any_value(c.n_nearly) as n_nearly,
from core.adverse_event as a
inner join cut as c on a.unit = c.unit and a.study = c.study and a.site = c.site
where a.is_event
group by a.unit, a.study, a.site
