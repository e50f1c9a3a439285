-- core.subject_rating: whether a participant's fear ratings move, and sessions whose ratings are all those of another one
-- Grain: study, site, subject_id
-- Reads: intake.rating, ref.evidence
-- Why:   nobody rates many exercises with one number, or each with the same three on 0-100 (is_same), and hardly anybody's fear rises in
--        nearly all of them while it falls in most of the others at the site. Nine ratings do not come out the same twice by chance on
--        0-100, a dozen on a short scale; copied_sessions are the later ones. risen_sessions: fear rises as far as it falls in
--        the site's sessions, many deviations from there (the median deviation, as a standard deviation)
with sheet as (
    -- each exercise is there once, so that the order of its hashes tells nothing
    select
        unit, study, site, subject_id, session_no,
        bit_xor(hash(exercise_no, begin_suds, peak_suds, end_suds)) as ratings,
        count(begin_suds) + count(peak_suds) + count(end_suds) as n_ratings,
        bool_or(scale in ('0-10', '0-8')) as is_short,
        round(avg(begin_suds - end_suds), 6) as fall,
    from intake.rating
    group by unit, study, site, subject_id, session_no
),
alike as (
    select s.unit, s.study, s.site, s.subject_id, s.ratings, min(s.session_no) as first_no,
    from sheet as s
    cross join ref.evidence as e
    where s.n_ratings >= case when s.is_short then e.ratings_copied_min_short else e.ratings_copied_min end
    group by s.unit, s.study, s.site, s.subject_id, s.ratings
    having count(*) > 1
),
copied as (
    select s.unit, s.study, s.site, s.subject_id, s.session_no, a.first_no,
    from alike as a
    inner join sheet as s
        on a.unit = s.unit and a.study = s.study and a.site = s.site and a.subject_id = s.subject_id and a.ratings = s.ratings
    inner join intake.rating as r
        on s.unit = r.unit and s.study = r.study and s.site = r.site and s.subject_id = r.subject_id and s.session_no = r.session_no
    group by s.unit, s.study, s.site, s.subject_id, s.session_no, a.first_no
    having count(distinct r.begin_suds) + count(distinct r.end_suds) > 2
),
copies as (
    select unit, study, site, subject_id, string_agg(session_no || ' as ' || first_no, ', ' order by session_no) as copied_sessions,
    from copied
    where session_no > first_no
    group by unit, study, site, subject_id
),
usual as (
    select s.unit, s.study, s.site, median(s.fall) as usual_fall,
    from sheet as s
    cross join ref.evidence as e
    group by s.unit, s.study, s.site
    having count(s.fall) >= any_value(e.rise_session_min)
),
spread as (
    select s.unit, s.study, s.site, any_value(u.usual_fall) as usual_fall,
        greatest(1.4826 * median(abs(s.fall - u.usual_fall)), any_value(e.rise_session_error_min)) as error,
    from sheet as s
    cross join ref.evidence as e
    inner join usual as u on s.unit = u.unit and s.study = u.study and s.site = u.site
    group by s.unit, s.study, s.site
),
risen as (
    select s.unit, s.study, s.site, s.subject_id, string_agg(s.session_no::varchar, ', ' order by s.session_no) as risen_sessions,
    from sheet as s
    cross join ref.evidence as e
    inner join spread as p on s.unit = p.unit and s.study = p.study and s.site = p.site
    where s.fall < 0 and s.fall <= p.usual_fall - e.rise_session_errors * p.error
    group by s.unit, s.study, s.site, s.subject_id
),
course as (
    select
        r.unit, r.study, r.site, r.subject_id,
        arg_min(r.source_file, r.row_id) as source_file,
        arg_min(r.source_row, r.row_id) as source_row,
        count(r.begin_suds) + count(r.peak_suds) + count(r.end_suds) as n_ratings,
        min(least(r.begin_suds, r.peak_suds, r.end_suds)) as lowest_suds,
        max(greatest(r.begin_suds, r.peak_suds, r.end_suds)) as highest_suds,
        coalesce(min(r.begin_suds) = max(r.begin_suds), true) and coalesce(min(r.peak_suds) = max(r.peak_suds), true)
        and coalesce(min(r.end_suds) = max(r.end_suds), true) and not bool_or(r.scale in ('0-10', '0-8')) as is_same,
        count(*) filter (r.begin_suds is not null and r.end_suds is not null) as n_courses,
        count(*) filter (r.end_suds > r.begin_suds) as n_rising,
        count(*) filter (r.end_suds < r.begin_suds) as n_falling,
    from intake.rating as r
    group by r.unit, r.study, r.site, r.subject_id
)

select
    c.unit, c.study, c.site, c.subject_id,
    c.subject_id as record_key,
    c.source_file, c.source_row, c.n_ratings, c.lowest_suds, c.highest_suds, c.is_same, c.n_courses, c.n_rising,
    sum(c.n_courses) over of_site - c.n_courses as n_courses_others,
    sum(c.n_falling) over of_site - c.n_falling as n_falling_others,
    count_if(c.is_same and c.n_ratings >= e.ratings_same_min) over of_site
    - (c.is_same and c.n_ratings >= e.ratings_same_min)::integer as n_same_others,
    p.copied_sessions,
    x.risen_sessions,
from course as c
cross join ref.evidence as e
left join copies as p on c.unit = p.unit and c.study = p.study and c.site = p.site and c.subject_id = p.subject_id
left join risen as x on c.unit = x.unit and c.study = x.study and c.site = x.site and c.subject_id = x.subject_id
window of_site as (partition by c.unit, c.study, c.site)
