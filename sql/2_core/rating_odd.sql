-- core.rating_odd: single ratings that no other rating of the participant or the site is like
-- Grain: study, site, subject_id, session_no, exercise_no; only exercises that stand out
-- Reads: intake.rating, ref.evidence
-- Why:   is_broken: a part of a whole number (of a half on 0-10 and 0-8), at a site that rates in whole ones; the other signs are
--        looked for on 0-100 and 1-100 alone. is_begin_low: fear begins at 10 or less and then is many times higher, in somebody who
--        otherwise, or in that session (of somebody with one rating: at a site whose exercises) begins high: 60 typed as 6, or 0 for a
--        blank; or is 0 throughout, where the session or the one beside it begins high: not rated. A low end is no sign, fear has
--        fallen.
--        is_off_step: the one number that is not of fives and has one digit, in somebody whose all others are: 25 typed as 2.
--        is_counted: ratings of one column that count up by one from row to row of the file: six that are not of fives, in eight rows
with rated as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.exercise_no, r.record_key, r.source_file, r.source_row,
        r.begin_suds, r.peak_suds, r.end_suds,
        r.scale in ('0-100', '1-100') as is_in_points,
        case r.scale when '1-100' then 0.99 when '0-10' then 0.2 when '0-8' then 0.16 else 1 end as per_point,
        case r.scale when '1-100' then 1 else 0 end as lowest,
        coalesce(abs((r.begin_suds * per_point + lowest) % 1 - 0.5) < 0.49, false)
        or coalesce(abs((r.peak_suds * per_point + lowest) % 1 - 0.5) < 0.49, false)
        or coalesce(abs((r.end_suds * per_point + lowest) % 1 - 0.5) < 0.49, false) as is_broken,
        -- ratings other than of fives, and of them those of one digit, as sent
        coalesce((round(r.begin_suds * per_point + lowest) % 5 <> 0)::integer, 0)
        + coalesce((round(r.peak_suds * per_point + lowest) % 5 <> 0)::integer, 0)
        + coalesce((round(r.end_suds * per_point + lowest) % 5 <> 0)::integer, 0) as n_odd,
        coalesce(round(r.begin_suds * per_point + lowest) % 5 <> 0 and r.begin_suds < 9.5, false)
        or coalesce(round(r.end_suds * per_point + lowest) % 5 <> 0 and r.end_suds < 9.5, false) as is_small,
    from intake.rating as r
),
of_site as (
    select
        unit, study, site, count(begin_suds) + count(end_suds) as n_ratings, count(*) filter (is_broken) as n_broken,
        median(begin_suds) filter (is_in_points) as usual_begin,
    from rated
    group by unit, study, site
),
low as (
    select
        r.unit, r.study, r.site, r.subject_id,
        case when count(r.begin_suds) = 1 then any_value(s.usual_begin) else median(r.begin_suds) end as usual_begin,
    from rated as r
    inner join of_site as s on r.unit = s.unit and r.study = s.study and r.site = s.site
    cross join ref.evidence as e
    where r.is_in_points
    group by r.unit, r.study, r.site, r.subject_id
    having min(r.begin_suds) <= any_value(e.suds_scale_looks_like_max)
),
low_day as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, greatest(median(r.begin_suds), any_value(l.usual_begin)) as usual_begin,
        -- the next session's, or the last one's: fear that has been unlearnt stays away
        greatest(max(r.begin_suds), coalesce(
            lead(max(r.begin_suds)) over of_subject, lag(max(r.begin_suds)) over of_subject
        )) as near_begin,
    from rated as r
    inner join low as l on r.unit = l.unit and r.study = l.study and r.site = l.site and r.subject_id = l.subject_id
    group by r.unit, r.study, r.site, r.subject_id, r.session_no
    window of_subject as (partition by r.unit, r.study, r.site, r.subject_id order by r.session_no)
),
heaped as (
    select r.unit, r.study, r.site, r.subject_id,
    from rated as r
    cross join ref.evidence as e
    where r.is_in_points
    group by r.unit, r.study, r.site, r.subject_id
    having sum(r.n_odd) = 1 and bool_or(r.is_small)
        and count(r.begin_suds) + count(r.peak_suds) + count(r.end_suds) > any_value(e.heaped_min_ratings)
),
points as (
    select
        unit, study, site, source_file, source_row,
        unnest(['begin', 'peak', 'end']) as field,
        unnest([
            round(begin_suds * per_point + lowest), round(peak_suds * per_point + lowest), round(end_suds * per_point + lowest)
        ]) as point,
    from rated
    where n_odd > 0 and is_in_points
),
counting as (
    select unit, study, site, source_file, source_row, field, point - source_row as line,
    from points
    where point % 5 <> 0
),
-- most rows are on no such line: they are left out before any is sorted
long as (
    select unit, study, site, source_file, field, line,
    from counting
    group by unit, study, site, source_file, field, line
    having count(*) >= 6
),
dragged as (
    select c.unit, c.study, c.site, c.source_file, c.source_row as last_row, lag(c.source_row, 5) over of_line as first_row,
    from counting as c
    inner join long as l
        on c.unit = l.unit and c.study = l.study and c.site = l.site and c.source_file = l.source_file
        and c.field = l.field and c.line = l.line
    window of_line as (partition by c.unit, c.study, c.site, c.source_file, c.field, c.line order by c.source_row)
    qualify last_row - first_row <= 7
),
counted as (
    select distinct unit, study, site, source_file, unnest(range(first_row, last_row + 1)) as source_row,
    from dragged
),
marked as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.exercise_no, r.record_key, r.source_file, r.source_row, r.is_broken,
        coalesce(
            r.is_in_points and l.usual_begin >= e.begin_usual_min and r.begin_suds <= e.suds_scale_looks_like_max and (
                r.peak_suds >= e.begin_low_peak_min
                or (greatest(r.begin_suds, r.peak_suds, r.end_suds) = 0 and l.near_begin >= e.begin_usual_min)
            ), false
        ) as is_begin_low,
        h.subject_id is not null and r.is_in_points and r.is_small as is_off_step,
        d.unit is not null as is_counted,
    from rated as r
    cross join ref.evidence as e
    left join low_day as l
        on r.unit = l.unit and r.study = l.study and r.site = l.site and r.subject_id = l.subject_id and r.session_no = l.session_no
    left join heaped as h on r.unit = h.unit and r.study = h.study and r.site = h.site and r.subject_id = h.subject_id
    left join counted as d
        on r.unit = d.unit and r.study = d.study and r.site = d.site and r.source_file = d.source_file and r.source_row = d.source_row
)

select
    m.unit, m.study, m.site, m.subject_id, m.session_no, m.exercise_no, m.is_begin_low, m.is_off_step, m.is_counted, m.record_key, m.source_file, m.source_row,
    m.is_broken and s.n_ratings >= e.whole_min_ratings and 100 * s.n_broken <= e.whole_odd_max_pct * s.n_ratings as is_broken,
from marked as m
cross join ref.evidence as e
inner join of_site as s on m.unit = s.unit and m.study = s.study and m.site = s.site
where m.is_begin_low or m.is_broken or m.is_off_step or m.is_counted
