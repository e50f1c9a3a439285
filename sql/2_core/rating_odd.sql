-- core.rating_odd: single ratings on 0-100 or 1-100 that no other rating of the participant or the site is like
-- Grain: study, site, subject_id, session_no, exercise_no; only exercises that stand out
-- Reads: intake.rating, ref.evidence
-- Why:   is_broken: a part of a whole number, at a site that rates in whole ones. is_begin_low: fear begins at 10 or less and then
--        is many times higher, in somebody who otherwise begins high: 60 typed as 6. A low end is no sign, fear has fallen
with rated as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.exercise_no, r.record_key, r.source_file, r.source_row,
        r.begin_suds, r.peak_suds,
        list_transform(
            [r.begin_suds, r.peak_suds, r.end_suds],
            lambda v: abs((case r.scale when '1-100' then v * 0.99 + 1 else v end) % 1 - 0.5) < 0.49
        ) as broken,
        count(r.begin_suds) over of_site + count(r.end_suds) over of_site as n_of_site,
    from intake.rating as r
    where r.scale in ('0-100', '1-100')
    window of_site as (partition by r.unit, r.study, r.site)
),
low as (
    select r.unit, r.study, r.site, r.subject_id,
    from rated as r
    cross join ref.evidence as e
    group by r.unit, r.study, r.site, r.subject_id
    having min(r.begin_suds) filter (r.begin_suds > 0) <= any_value(e.suds_scale_looks_like_max)
        and median(r.begin_suds) >= any_value(e.begin_usual_min)
),
marked as (
    select
        r.*,
        coalesce(list_contains(r.broken, true), false) as is_broken,
        coalesce(
            l.subject_id is not null and r.begin_suds > 0 and r.begin_suds <= e.suds_scale_looks_like_max
            and r.peak_suds >= e.begin_low_peak_min, false
        ) as is_begin_low,
    from rated as r
    cross join ref.evidence as e
    left join low as l on r.unit = l.unit and r.study = l.study and r.site = l.site and r.subject_id = l.subject_id
)

select
    m.unit, m.study, m.site, m.subject_id, m.session_no, m.exercise_no, m.is_begin_low, m.record_key, m.source_file, m.source_row,
    m.is_broken and m.n_of_site >= e.whole_min_ratings
    and 100 * count(*) filter (m.is_broken) over of_site <= e.whole_odd_max_pct * m.n_of_site as is_broken,
from marked as m
cross join ref.evidence as e
window of_site as (partition by m.unit, m.study, m.site)
qualify m.is_begin_low or m.is_broken
