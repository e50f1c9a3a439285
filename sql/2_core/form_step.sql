-- core.form_step: sites whose forms are of their session's day, and from one row or day on all of the same days beside it
-- Grain: unit, study, site; only sites with such an end of a file, or of time
-- Reads: core.form, core.session, ref.evidence
-- Why:   where the dates of sessions and doses move together, no lag shows it; forms filled in on the session's day keep their own. Rows are
--        counted as they stand in the file of sessions or of forms, and by the session's day. n_usual forms of n_before lie on the day of
--        a session before; of the n_after since, all lie off_days beside it. A file in which one form of those lies on a session's day by
--        chance is not seen
with near as (
    select
        f.unit, f.study, f.site, f.subject_id, f.form_id, f.source_file as form_file, f.source_row as form_row,
        arg_min(
            {'off_days': f.assessed_on - v.started_on, 'session_on': v.started_on, 'session_file': v.source_file, 'session_row': v.source_row},
            {'days': abs(f.assessed_on - v.started_on), 'session_on': v.started_on, 'session_row': v.source_row}
        ) as beside,
    from core.form as f
    inner join core.session as v on f.study = v.study and f.site = v.site and f.subject_id = v.subject_id
    cross join ref.evidence as e
    where v.attended and abs(f.assessed_on - v.started_on) <= e.form_step_near_days
    group by f.unit, f.study, f.site, f.subject_id, f.form_id, f.source_file, f.source_row
),
placed as (
    select
        unit, study, site, subject_id, beside.off_days as off_days,
        unnest(['row of sessions', 'row of forms', 'day']) as what,
        unnest([beside.session_file, form_file, null]) as source_file,
        unnest([beside.session_row, form_row, epoch(beside.session_on)::bigint]) as place,
    from near
),
usual as (
    select
        unit, study, site, what, source_file,
        max(place) filter (off_days = 0) as last_place,
        count(*) filter (off_days = 0) as n_usual,
    from placed
    group by unit, study, site, what, source_file
),
step as (
    select
        p.unit, p.study, p.site, p.what, p.source_file, u.n_usual,
        count(*) filter (p.place <= u.last_place) as n_before,
        count(*) filter (p.place > u.last_place) as n_after,
        count(distinct p.subject_id) filter (p.place > u.last_place) as n_subjects,
        min(p.off_days) filter (p.place > u.last_place) as least_off,
        max(p.off_days) filter (p.place > u.last_place) as most_off,
        min(p.place) filter (p.place > u.last_place) as since,
    from placed as p
    inner join usual as u
        on p.unit = u.unit and p.study = u.study and p.site = u.site and p.what = u.what
        and p.source_file is not distinct from u.source_file
    group by p.unit, p.study, p.site, p.what, p.source_file, u.n_usual
)

select
    s.unit, s.study, s.site,
    null::varchar as subject_id,
    s.site as record_key,
    s.source_file,
    if(s.what = 'day', null, s.since)::bigint as source_row,
    s.n_usual, s.n_before, s.n_after, s.n_subjects,
    s.least_off as off_days,
    if(s.what = 'day', make_timestamp(s.since * 1000000)::date::varchar, s.what || ' ' || s.since) as since,
from step as s
where s.n_after > 0 and s.least_off = s.most_off
qualify row_number() over (partition by s.unit, s.study, s.site order by s.n_after desc, s.what, s.source_file) = 1
