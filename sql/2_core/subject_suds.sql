-- core.subject_suds: how high a participant's fear ratings reach that were declared on 0-100 or 1-100, and sessions that stand out
-- Grain: study, site, subject_id
-- Reads: intake.rating, core.site_suds, ref.evidence
-- Why:   one therapist's sheet may be on another scale than the site's; site_highest_suds tells whether the whole site is. Fear
--        falls over a treatment, so low sessions alone say nothing: mixed_sessions are those that never pass what 0-10 can reach
--        while a session beside one of them is many times higher, and whose ratings are not all 0, 5 or 10, as people rate on 0-100
with suspect as (
    -- hardly anybody has an exercise so low: only they are looked at further
    select distinct r.unit, r.study, r.site, r.subject_id,
    from intake.rating as r
    cross join ref.evidence as e
    where r.scale in ('0-100', '1-100') and greatest(r.begin_suds, r.peak_suds, r.end_suds) between 1e-9 and e.suds_scale_looks_like_max
),
sheet as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no,
        max(greatest(r.begin_suds, r.peak_suds, r.end_suds)) as highest_suds,
        -- ratings other than 0, 5 and 10, as sent: 1-100 was stretched to 0-100
        count(*) filter (round(case r.scale when '1-100' then r.begin_suds * 0.99 + 1 else r.begin_suds end) % 5 <> 0)
        + count(*) filter (round(case r.scale when '1-100' then r.peak_suds * 0.99 + 1 else r.peak_suds end) % 5 <> 0)
        + count(*) filter (round(case r.scale when '1-100' then r.end_suds * 0.99 + 1 else r.end_suds end) % 5 <> 0) as n_odd,
    from intake.rating as r
    semi join suspect as s on r.unit = s.unit and r.study = s.study and r.site = s.site and r.subject_id = s.subject_id
    where r.scale in ('0-100', '1-100')
    group by r.unit, r.study, r.site, r.subject_id, r.session_no
),
beside as (
    select
        s.unit, s.study, s.site, s.subject_id, s.session_no, s.highest_suds, s.n_odd,
        greatest(lag(s.highest_suds) over course, lead(s.highest_suds) over course) as beside_suds,
    from sheet as s
    window course as (partition by s.unit, s.study, s.site, s.subject_id order by s.session_no)
),
mixed as (
    select b.unit, b.study, b.site, b.subject_id, string_agg(b.session_no::varchar, ', ' order by b.session_no) as mixed_sessions,
    from beside as b
    cross join ref.evidence as e
    where b.highest_suds > 0 and b.highest_suds <= e.suds_scale_looks_like_max
    group by b.unit, b.study, b.site, b.subject_id
    having
        sum(b.n_odd) >= any_value(e.suds_mixed_min_odd)
        and bool_or(b.beside_suds >= greatest(e.suds_mixed_ratio * b.highest_suds, e.suds_mixed_beside_min))
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
from intake.rating as r
inner join core.site_suds as s on r.unit = s.unit and r.study = s.study and r.site = s.site
left join mixed as m on r.unit = m.unit and r.study = m.study and r.site = m.site and r.subject_id = m.subject_id
where r.scale in ('0-100', '1-100')
group by r.unit, r.study, r.site, r.subject_id
