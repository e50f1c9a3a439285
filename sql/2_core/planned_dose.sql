-- core.planned_dose: each dose the protocol plans at an attended session, and whether it was taken
-- Grain: study, site, subject_id, session_no, time_point
-- Reads: core.session, core.dose_timing, core.session_suds, core.loose_dose, ref.planned_dose, ref.trial, ref.evidence
-- Why:   is_taken is false only when no record can be the dose (core.loose_dose). site_records_untaken: the site also sends doses
--        that were not taken, so that a missing record is not a missed dose. site_records_all: nearly every participant with any
--        record has one of each planned dose; one without may be cut off. A tailored trial expects a POST dose only after success.
with planned as (
    select
        v.unit,
        v.study,
        v.site,
        v.subject_id,
        v.session_no,
        v.started_on,
        p.time_point,
        t.tailored and p.time_point = 'POST' as is_tailored,
        u.is_success,
        v.record_key,
        v.source_file,
        v.source_row,
    from core.session as v
    inner join ref.planned_dose as p on v.study = p.study and v.session_no = p.session_no
    inner join ref.trial as t on v.study = t.study
    left join core.session_suds as u
        on v.study = u.study and v.site = u.site and v.subject_id = u.subject_id and v.session_no = u.session_no
    where v.attended
),
recorded as (
    select
        d.study,
        d.site,
        d.subject_id,
        d.session_no,
        d.time_point,
        coalesce(bool_or(d.taken), false) as is_taken,
        arg_min(d.source_file, d.dose_seq) as source_file,
        arg_min(d.source_row, d.dose_seq) as source_row,
    from core.dose_timing as d
    where d.session_no is not null and d.time_point is not null
    group by all
),
thorough as (
    select distinct study, site,
    from core.dose_timing
    where not taken
),
kept as (
    select p.study, p.site, p.subject_id, count(*) as n_planned, count(r.session_no) as n_recorded,
    from planned as p
    left join recorded as r
        on p.study = r.study and p.site = r.site and p.subject_id = r.subject_id and p.session_no = r.session_no
        and p.time_point = r.time_point
    where not p.is_tailored
    group by p.study, p.site, p.subject_id
),
complete as (
    select k.study, k.site,
    from kept as k
    cross join ref.evidence as e
    where k.n_recorded > 0
    group by k.study, k.site
    having count(*) >= any_value(e.recorded_min_subjects)
        and 100 * count(*) filter (k.n_recorded = k.n_planned) >= any_value(e.recorded_usual_pct) * count(*)
),
uncertain as (
    select distinct p.study, p.site, p.subject_id, p.session_no, p.time_point,
    from planned as p
    inner join core.loose_dose as m on p.study = m.study and p.site = m.site and p.subject_id = m.subject_id
    where list_contains(m.session_nos, p.session_no) and (m.time_point is null or m.time_point = p.time_point)
)

select
    p.unit,
    p.study,
    p.site,
    p.subject_id,
    p.session_no,
    p.time_point,
    p.started_on,
    case when r.is_taken then true when c.session_no is null then false end as is_taken,
    p.is_tailored,
    case when p.is_tailored then p.is_success else true end as is_expected,
    r.session_no is not null as has_record,
    w.site is not null as site_records_untaken,
    a.site is not null as site_records_all,
    p.record_key,
    coalesce(r.source_file, p.source_file) as source_file,
    coalesce(r.source_row, p.source_row) as source_row,
from planned as p
left join recorded as r
    on p.study = r.study and p.site = r.site and p.subject_id = r.subject_id and p.session_no = r.session_no
    and p.time_point = r.time_point
left join uncertain as c
    on p.study = c.study and p.site = c.site and p.subject_id = c.subject_id and p.session_no = c.session_no
    and p.time_point = c.time_point
left join thorough as w on p.study = w.study and p.site = w.site
left join complete as a on p.study = a.study and p.site = a.site
