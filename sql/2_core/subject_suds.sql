-- core.subject_suds: how high a participant's fear ratings reach that were declared on 0-100 or 1-100, and sessions that stand out
-- Grain: study, site, subject_id
-- Reads: intake.rating, core.site_suds, ref.evidence
-- Why:   one therapist's sheet may be on another scale than the site's; site_highest_suds tells whether the whole site is. Fear
--        falls over a treatment, so low ratings alone say nothing: mixed_sessions are those whose ratings (or one exercise's) never
--        pass what 0-10 can reach while the ones beside (of the first session also: the site's first exercises) are many times higher,
--        and are not all 0, 5 or 10, as people rate on 0-100 (not where all of many ratings are so low: that is asked as such);
--        low_sessions those of which that alone is not so
with suspect as (
    -- hardly anybody has an exercise so low: only they are looked at further
    select distinct r.unit, r.study, r.site, r.subject_id,
    from intake.rating as r
    cross join ref.evidence as e
    where r.scale in ('0-100', '1-100') and greatest(r.begin_suds, r.peak_suds, r.end_suds) between 1e-9 and e.suds_scale_looks_like_max
),
exercise as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.exercise_no, r.begin_suds, r.end_suds,
        greatest(r.begin_suds, r.peak_suds, r.end_suds) as highest_suds,
        -- ratings other than 0, 5 and 10, as sent: 1-100 was stretched to 0-100
        coalesce((round(case r.scale when '1-100' then r.begin_suds * 0.99 + 1 else r.begin_suds end) % 5 <> 0)::integer, 0)
        + coalesce((round(case r.scale when '1-100' then r.peak_suds * 0.99 + 1 else r.peak_suds end) % 5 <> 0)::integer, 0)
        + coalesce((round(case r.scale when '1-100' then r.end_suds * 0.99 + 1 else r.end_suds end) % 5 <> 0)::integer, 0) as n_odd,
    from intake.rating as r
    semi join suspect as s on r.unit = s.unit and r.study = s.study and r.site = s.site and r.subject_id = s.subject_id
    where r.scale in ('0-100', '1-100')
),
opening as (
    -- the first exercise of everybody: where a treatment has two sessions, fear may be gone in the other one
    select unit, study, site, median(highest_suds) as usual_suds,
    from (
        select
            r.unit, r.study, r.site, r.subject_id,
            arg_min(greatest(r.begin_suds, r.peak_suds, r.end_suds), (r.session_no, r.exercise_no)) as highest_suds,
        from intake.rating as r
        where r.scale in ('0-100', '1-100')
        group by r.unit, r.study, r.site, r.subject_id
    ) as f
    cross join ref.evidence as e
    group by unit, study, site
    having count(highest_suds) >= any_value(e.profile_min_participants)
),
sheet as (
    select
        x.unit, x.study, x.site, x.subject_id, x.session_no, max(x.highest_suds) as highest_suds, sum(x.n_odd) as n_odd,
        greatest(
            lag(max(x.highest_suds)) over course, lead(max(x.highest_suds)) over course,
            case when x.session_no = min(x.session_no) over course then any_value(o.usual_suds) end
        ) as beside_suds,
    from exercise as x
    left join opening as o on x.unit = o.unit and x.study = o.study and x.site = o.site
    group by x.unit, x.study, x.site, x.subject_id, x.session_no
    window course as (partition by x.unit, x.study, x.site, x.subject_id order by x.session_no)
),
beside as (
    -- the other exercises of the session: fear that had fallen by itself is still low at the end of the one before
    select
        unit, study, site, subject_id, session_no, highest_suds, n_odd,
        lag(end_suds) over course as end_before_suds,
        lead(begin_suds) over course as begin_after_suds,
        greatest(lag(highest_suds) over course, lead(highest_suds) over course) as beside_suds,
    from exercise
    window course as (partition by unit, study, site, subject_id, session_no order by exercise_no)
),
odd as (
    select s.unit, s.study, s.site, s.subject_id, unnest(list(s.session_no)) as session_no, true as is_mixed,
    from sheet as s
    cross join ref.evidence as e
    where s.highest_suds > 0 and s.highest_suds <= e.suds_scale_looks_like_max
    group by s.unit, s.study, s.site, s.subject_id
    having
        sum(s.n_odd) >= any_value(e.suds_mixed_min_odd)
        and bool_or(s.beside_suds >= greatest(e.suds_mixed_ratio * s.highest_suds, e.suds_mixed_beside_min))
    union all
    -- one such number is enough where fear falls to a tenth and is back at the next exercise
    select
        b.unit, b.study, b.site, b.subject_id, b.session_no,
        b.n_odd >= e.suds_mixed_min_odd
        or coalesce(
            b.n_odd > 0
            and b.end_before_suds >= e.suds_mixed_end_ratio * b.highest_suds
            and b.begin_after_suds >= e.suds_mixed_end_ratio * b.highest_suds,
            false
        ),
    from beside as b
    cross join ref.evidence as e
    where
        b.highest_suds > 0 and b.highest_suds <= e.suds_scale_looks_like_max
        and b.beside_suds >= greatest(e.suds_mixed_ratio * b.highest_suds, e.suds_mixed_beside_min)
        and coalesce(b.end_before_suds >= e.suds_mixed_end_ratio * b.highest_suds, true)
),
mixed as (
    select
        unit, study, site, subject_id,
        nullif(array_to_string(list_sort(list(distinct session_no) filter (is_mixed)), ', '), '') as mixed_sessions,
        nullif(array_to_string(list_sort(list(distinct session_no) filter (not is_mixed)), ', '), '') as low_sessions,
    from odd
    group by unit, study, site, subject_id
)

select
    r.unit,
    r.study,
    r.site,
    r.subject_id,
    r.subject_id as record_key,
    arg_min(r.source_file, r.row_id) as source_file,
    arg_min(r.source_row, r.row_id) as source_row,
    count(r.begin_suds) + count(r.peak_suds) + count(r.end_suds) as n_ratings,
    max(greatest(r.begin_suds, r.peak_suds, r.end_suds)) as highest_suds,
    any_value(s.highest_suds) as site_highest_suds,
    case
        when
            count(r.begin_suds) + count(r.peak_suds) + count(r.end_suds) < any_value(e.suds_subject_min_ratings)
            or max(greatest(r.begin_suds, r.peak_suds, r.end_suds)) > any_value(e.suds_scale_looks_like_max)
            then any_value(m.mixed_sessions)
    end as mixed_sessions,
    any_value(m.low_sessions) as low_sessions,
from intake.rating as r
cross join ref.evidence as e
inner join core.site_suds as s on r.unit = s.unit and r.study = s.study and r.site = s.site
left join mixed as m on r.unit = m.unit and r.study = m.study and r.site = m.site and r.subject_id = m.subject_id
where r.scale in ('0-100', '1-100')
group by r.unit, r.study, r.site, r.subject_id
