-- core.session_check: whether each session's date and length fit the participant's other sessions and the plan
-- Grain: study, site, subject_id, session_no
-- Reads: core.session, core.subject, intake.session, ref.trial
-- Why:   judged by rules. Of the sessions held in the wrong order, those that stand against most others are out of order; pairs are
--        counted only for participants whose order is broken, because hardly any is. The first session held follows on randomization.
--        n_on_weekday: how many of the site's n_held sessions are on that day of the week
with held as (
    select
        v.study, v.site, v.subject_id, v.session_no, v.started_on,
        coalesce(v.started_on - lag(v.started_on) over course, v.started_on - s.randomized_on) as days_since_previous,
        -- a week for each session left out between the two is no gap
        (v.started_on - lag(v.started_on) over course) / (v.session_no - lag(v.session_no) over course) as days_a_number,
        coalesce(v.started_on < lag(v.started_on) over course, false) as is_earlier,
        count(*) over (partition by v.study, v.site, v.subject_id, v.started_on) as n_on_day,
        count(*) over (partition by v.study, v.site, isodow(v.started_on)) as n_on_weekday,
        count(*) over (partition by v.study, v.site) as n_held,
    from core.session as v
    inner join core.subject as s on v.study = s.study and v.site = s.site and v.subject_id = s.subject_id
    where v.attended and v.started_on is not null
    window course as (partition by v.study, v.site, v.subject_id order by v.session_no)
),
pace as (
    select study, site, median(days_since_previous) as usual_days_apart,
    from held
    group by study, site
),
broken as (
    select distinct study, site, subject_id,
    from held
    where is_earlier
),
against as (
    select
        h.study, h.site, h.subject_id, h.session_no,
        count(*) filter ((h.session_no < o.session_no and h.started_on > o.started_on) or (h.session_no > o.session_no and h.started_on < o.started_on))
            as n_against,
    from held as h
    semi join broken as b on h.study = b.study and h.site = b.site and h.subject_id = b.subject_id
    inner join held as o on h.study = o.study and h.site = o.site and h.subject_id = o.subject_id
    group by all
),
most as (
    select study, site, subject_id, session_no,
    from against
    qualify n_against = max(n_against) over (partition by study, site, subject_id)
),
day as (
    select study, site, subject_id, min(hour(started_at_site) + minute(started_at_site) / 60) as from_h,
        max(hour(started_at_site) + minute(started_at_site) / 60) as to_h,
    from core.session
    where attended and started_at_site is not null
    group by study, site, subject_id
),
hours as (
    -- the two earliest and the two latest, so that each participant is held against the others
    select study, site, count(*) as n_people, list_sort(list(from_h))[1:2] as earliest, list_reverse_sort(list(to_h))[1:2] as latest,
    from day
    group by study, site
),
ended as (
    select distinct study, site,
    from core.session
    where ended_at_utc is not null
)

select
    v.unit,
    v.study,
    v.site,
    v.subject_id,
    v.session_no,
    case when h.session_no is not null then 1 else 0 end as n_compared,
    m.session_no is not null as is_out_of_order,
    case when b.subject_id is null then h.days_since_previous end as days_since_previous,
    case when b.subject_id is null then h.days_a_number end as days_a_number,
    h.n_on_day,
    h.n_on_weekday,
    h.n_held,
    case when v.attended then hour(v.started_at_site) end as started_hour,
    case when v.attended then hour(v.started_at_site) + minute(v.started_at_site) / 60 end as started_h,
    o.n_people,
    o.earliest[case when d.from_h = o.earliest[1] then 2 else 1 end] as others_from_h,
    o.latest[case when d.to_h = o.latest[1] then 2 else 1 end] as others_to_h,
    c.usual_days_apart,
    v.length_min,
    v.ended_at_utc is not null as is_ended,
    i.ended_at_fault,
    e.site is not null as site_sends_ends,
    t.planned_length_min,
    v.started_at_raw,
    v.ended_at_raw,
    v.record_key,
    v.source_file,
    v.source_row,
from core.session as v
inner join ref.trial as t on v.study = t.study
inner join intake.session as i on v.row_id = i.row_id
left join pace as c on v.study = c.study and v.site = c.site
left join hours as o on v.study = o.study and v.site = o.site
left join day as d on v.study = d.study and v.site = d.site and v.subject_id = d.subject_id
left join ended as e on v.study = e.study and v.site = e.site
left join held as h
    on v.study = h.study and v.site = h.site and v.subject_id = h.subject_id and v.session_no = h.session_no
left join most as m
    on v.study = m.study and v.site = m.site and v.subject_id = m.subject_id and v.session_no = m.session_no
left join broken as b on v.study = b.study and v.site = b.site and v.subject_id = b.subject_id
