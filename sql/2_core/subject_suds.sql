-- core.subject_suds: how high a participant's fear ratings reach that were declared on 0-100 or 1-100, and sessions that stand out
-- Grain: study, site, subject_id
-- Reads: intake.rating, core.site_suds, ref.evidence
-- Why:   one therapist's sheet may be on another scale than the site's; site_highest_suds tells whether the whole site is. Fear
--        falls over a treatment, so low ratings alone say nothing: mixed_sessions are those whose ratings (or one exercise's) never
--        pass what 0-10 can reach while the ones beside are many times higher, and are not all 0, 5 or 10, as people rate on 0-100.
--        lone_99_sessions: where 99 was sent by somebody who never rates 97, 98 or 100, and rates in fives, or far from it beside it
with suspect as (
    -- hardly anybody has an exercise so low: only they are looked at further
    select distinct r.unit, r.study, r.site, r.subject_id,
    from intake.rating as r
    cross join ref.evidence as e
    where r.scale in ('0-100', '1-100') and greatest(r.begin_suds, r.peak_suds, r.end_suds) between 1e-9 and e.suds_scale_looks_like_max
),
exercise as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.exercise_no, r.end_suds,
        greatest(r.begin_suds, r.peak_suds, r.end_suds) as highest_suds,
        -- ratings other than 0, 5 and 10, as sent: 1-100 was stretched to 0-100
        coalesce((round(case r.scale when '1-100' then r.begin_suds * 0.99 + 1 else r.begin_suds end) % 5 <> 0)::integer, 0)
        + coalesce((round(case r.scale when '1-100' then r.peak_suds * 0.99 + 1 else r.peak_suds end) % 5 <> 0)::integer, 0)
        + coalesce((round(case r.scale when '1-100' then r.end_suds * 0.99 + 1 else r.end_suds end) % 5 <> 0)::integer, 0) as n_odd,
    from intake.rating as r
    semi join suspect as s on r.unit = s.unit and r.study = s.study and r.site = s.site and r.subject_id = s.subject_id
    where r.scale in ('0-100', '1-100')
),
sheet as (
    select
        unit, study, site, subject_id, session_no, max(highest_suds) as highest_suds, sum(n_odd) as n_odd,
        greatest(lag(max(highest_suds)) over course, lead(max(highest_suds)) over course) as beside_suds,
    from exercise
    group by unit, study, site, subject_id, session_no
    window course as (partition by unit, study, site, subject_id order by session_no)
),
beside as (
    -- the other exercises of the session: fear that had fallen by itself is still low at the end of the one before
    select
        unit, study, site, subject_id, session_no, highest_suds, n_odd,
        lag(end_suds) over course as end_before_suds,
        greatest(lag(highest_suds) over course, lead(highest_suds) over course) as beside_suds,
    from exercise
    window course as (partition by unit, study, site, subject_id, session_no order by exercise_no)
),
odd as (
    select s.unit, s.study, s.site, s.subject_id, unnest(list(s.session_no)) as session_no,
    from sheet as s
    cross join ref.evidence as e
    where s.highest_suds > 0 and s.highest_suds <= e.suds_scale_looks_like_max
    group by s.unit, s.study, s.site, s.subject_id
    having
        sum(s.n_odd) >= any_value(e.suds_mixed_min_odd)
        and bool_or(s.beside_suds >= greatest(e.suds_mixed_ratio * s.highest_suds, e.suds_mixed_beside_min))
    union all
    select b.unit, b.study, b.site, b.subject_id, b.session_no,
    from beside as b
    cross join ref.evidence as e
    where
        b.highest_suds > 0 and b.highest_suds <= e.suds_scale_looks_like_max
        and b.n_odd >= e.suds_mixed_min_odd
        and b.beside_suds >= greatest(e.suds_mixed_ratio * b.highest_suds, e.suds_mixed_beside_min)
        and coalesce(b.end_before_suds >= e.suds_mixed_end_ratio * b.highest_suds, true)
),
mixed as (
    select unit, study, site, subject_id, array_to_string(list_sort(list(distinct session_no)), ', ') as mixed_sessions,
    from odd
    group by unit, study, site, subject_id
),
near as (
    -- 99 of 1-100 is 98.99 of 0-100
    select r.unit, r.study, r.site, r.subject_id,
        bool_or(abs(r.begin_suds - e.suds_lone_code) between 0.1 and 2.1) as is_begin_near,
        bool_or(abs(r.peak_suds - e.suds_lone_code) between 0.1 and 2.1) as is_peak_near,
        bool_or(abs(r.end_suds - e.suds_lone_code) between 0.1 and 2.1) as is_end_near,
    from intake.rating as r
    cross join ref.evidence as e
    where r.scale in ('0-100', '1-100')
    group by r.unit, r.study, r.site, r.subject_id
    having bool_or(
        abs(r.begin_suds - e.suds_lone_code) < 0.1 or abs(r.peak_suds - e.suds_lone_code) < 0.1 or abs(r.end_suds - e.suds_lone_code) < 0.1
    )
),
rated as (
    -- hardly anybody rates 99: only they are looked at further
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no,
        unnest([r.begin_suds, r.peak_suds, r.end_suds]) as suds,
        unnest([
            [r.peak_suds, r.end_suds]::double[], [r.begin_suds, r.end_suds]::double[], [r.begin_suds, r.peak_suds]::double[],
        ]) as beside,
        r.scale,
    from intake.rating as r
    semi join near as n on r.unit = n.unit and r.study = n.study and r.site = n.site and r.subject_id = n.subject_id
    where r.scale in ('0-100', '1-100')
),
marked as (
    select
        d.unit, d.study, d.site, d.subject_id, d.session_no,
        abs(d.suds - e.suds_lone_code) < 0.1 as is_code,
        coalesce(list_min(list_transform(d.beside, lambda v: abs(v - e.suds_lone_code))) >= e.suds_lone_far, true) as is_far,
        round(case d.scale when '1-100' then d.suds * 0.99 + 1 else d.suds end) % 5 = 0 as is_heaped,
    from rated as d
    cross join ref.evidence as e
    where d.suds is not null
),
lone as (
    select
        m.unit, m.study, m.site, m.subject_id,
        case
            when 100 * count(*) filter (m.is_heaped and not m.is_code)
                >= any_value(e.suds_heaped_pct) * count(*) filter (not m.is_code)
                then list(distinct m.session_no) filter (m.is_code)
            else list(distinct m.session_no) filter (m.is_code and m.is_far)
        end as sessions,
        any_value(n.is_begin_near or n.is_peak_near or n.is_end_near) as is_near,
    from marked as m
    cross join ref.evidence as e
    inner join near as n on m.unit = n.unit and m.study = n.study and m.site = n.site and m.subject_id = n.subject_id
    group by m.unit, m.study, m.site, m.subject_id
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
    any_value(m.mixed_sessions) as mixed_sessions,
    any_value(
        case when not coalesce(l.is_near, false) then array_to_string(list_sort(l.sessions), ', ') end
    ) as lone_99_sessions,
from intake.rating as r
inner join core.site_suds as s on r.unit = s.unit and r.study = s.study and r.site = s.site
left join mixed as m on r.unit = m.unit and r.study = m.study and r.site = m.site and r.subject_id = m.subject_id
left join lone as l on r.unit = l.unit and r.study = l.study and r.site = l.site and r.subject_id = l.subject_id
where r.scale in ('0-100', '1-100')
group by r.unit, r.study, r.site, r.subject_id
