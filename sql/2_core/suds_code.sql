-- core.suds_code: participants with a rating of 99, and in which sessions it may be a code for missing
-- Grain: study, site, subject_id
-- Reads: intake.rating, ref.evidence
-- Why:   99 is a legal rating on 0-100 and a common code. likely_sessions: sent by somebody who never rates 97, 98 or 100, and who rates
--        in fives and tens, or far from 99 in the same exercise; possible_sessions: where one of these is so. 99 of 1-100 is 98.99
with near as (
    -- hardly anybody rates 99: only they are looked at further
    select
        r.unit, r.study, r.site, r.subject_id,
        arg_min(r.source_file, r.row_id) as source_file,
        arg_min(r.source_row, r.row_id) as source_row,
        coalesce(bool_or(
            abs(r.begin_suds - e.suds_lone_code) between 0.1 and 2.1
            or abs(r.peak_suds - e.suds_lone_code) between 0.1 and 2.1
            or abs(r.end_suds - e.suds_lone_code) between 0.1 and 2.1
        ), false) as is_near,
    from intake.rating as r
    cross join ref.evidence as e
    where r.scale in ('0-100', '1-100')
    group by r.unit, r.study, r.site, r.subject_id
    having bool_or(
        abs(r.begin_suds - e.suds_lone_code) < 0.1 or abs(r.peak_suds - e.suds_lone_code) < 0.1 or abs(r.end_suds - e.suds_lone_code) < 0.1
    )
),
rated as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.scale,
        unnest([r.begin_suds, r.peak_suds, r.end_suds]) as suds,
        unnest([
            [r.peak_suds, r.end_suds]::double[], [r.begin_suds, r.end_suds]::double[], [r.begin_suds, r.peak_suds]::double[],
        ]) as beside,
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
habit as (
    select
        m.unit, m.study, m.site, m.subject_id,
        100 * count(*) filter (m.is_heaped and not m.is_code)
        >= any_value(e.suds_heaped_pct) * count(*) filter (not m.is_code) as is_in_fives,
        list_sort(list(distinct m.session_no) filter (m.is_code)) as sessions,
        list_sort(list(distinct m.session_no) filter (m.is_code and m.is_far)) as far_sessions,
    from marked as m
    cross join ref.evidence as e
    group by m.unit, m.study, m.site, m.subject_id
),
asked as (
    select
        n.unit, n.study, n.site, n.subject_id, n.source_file, n.source_row, n.is_near, h.sessions, h.far_sessions, h.is_in_fives,
        case when n.is_near then [] when h.is_in_fives then h.sessions else coalesce(h.far_sessions, []) end as likely,
    from near as n
    inner join habit as h on n.unit = h.unit and n.study = h.study and n.site = h.site and n.subject_id = h.subject_id
)

select
    unit, study, site, subject_id,
    subject_id as record_key,
    source_file,
    source_row,
    nullif(array_to_string(likely, ', '), '') as likely_sessions,
    nullif(array_to_string(list_filter(
        case when is_near and not is_in_fives then coalesce(far_sessions, []) else sessions end, lambda s: not list_contains(likely, s)
    ), ', '), '') as possible_sessions,
from asked
