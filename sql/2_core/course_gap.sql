-- core.course_gap: sessions of a participant that have no record, or no rating, although the site's others have
-- Grain: study, site, subject_id
-- Reads: staging.session, staging.rating, core.session, core.form, core.subject, ref.trial, ref.planned_dose,
--        ref.mapped_field, ref.evidence
-- Why:   a row that is missing leaves no trace but this. A site that also records sessions not held leaves out none; of a session that
--        nearly everybody at the site has rated (most, where the participant has no rating at all), a rating is expected, and of a
--        session that is planned to be dosed where anything is rated; who stays away for good has withdrawn. A row in quarantine is
--        there, and has its own finding. The site's last session tells how far its records go, or a later form of the participant
with recorded as (
    select distinct v.unit, v.study, v.site, v.subject_id, v.session_no,
    from staging.session as v
    where v.subject_id is not null
),
thorough as (
    select distinct unit, study, site,
    from core.session
    where not attended
),
reached as (
    select
        v.unit, v.study, v.site, v.subject_id,
        max(v.session_no) as last_no,
        max(v.started_on) as last_on,
        max(max(v.started_on)) over (partition by v.unit, v.study, v.site) as site_last_on,
        arg_max(v.source_file, v.session_no) as source_file,
        arg_max(v.source_row, v.session_no) as source_row,
    from core.session as v
    group by v.unit, v.study, v.site, v.subject_id
),
unplaced as (
    select distinct unit, study, site, subject_id,
    from recorded
    where session_no is null
),
due as (
    select r.unit, r.study, r.site, r.subject_id, unnest(generate_series(1, r.last_no - 1)) as session_no,
    from reached as r
    semi join thorough as t on r.unit = t.unit and r.study = t.study and r.site = t.site
    anti join unplaced as u on r.unit = u.unit and r.study = u.study and r.site = u.site and r.subject_id = u.subject_id
),
gaps as (
    select d.unit, d.study, d.site, d.subject_id, string_agg(d.session_no::varchar, ', ' order by d.session_no) as missing_sessions,
    from due as d
    anti join recorded as v
        on d.unit = v.unit and d.study = v.study and d.site = v.site and d.subject_id = v.subject_id and d.session_no = v.session_no
    group by d.unit, d.study, d.site, d.subject_id
),
followed as (
    select study, site, subject_id, max(assessed_on) as last_form_on,
    from core.form
    group by study, site, subject_id
),
told as (
    select distinct unit
    from ref.mapped_field
    where table_name = 'disposition'
),
rated as (
    select distinct q.unit, q.study, q.site, q.subject_id, q.session_no,
    from staging.rating as q
),
unsure as (
    select distinct unit, study, site, subject_id,
    from rated
    where session_no is null
),
raters as (
    select distinct unit, study, site, subject_id,
    from rated
),
expected as (
    select
        v.unit, v.study, v.site, v.subject_id, v.session_no, q.session_no is not null as is_rated,
        count(*) over of_number as n_held,
        count(q.session_no) over of_number as n_rated,
    from core.session as v
    left join rated as q
        on v.unit = q.unit and v.study = q.study and v.site = q.site and v.subject_id = q.subject_id and v.session_no = q.session_no
    where v.attended
    window of_number as (partition by v.unit, v.study, v.site, v.session_no)
),
unrated as (
    select x.unit, x.study, x.site, x.subject_id, string_agg(x.session_no::varchar, ', ' order by x.session_no) as unrated_sessions,
    from expected as x
    cross join ref.evidence as e
    anti join unsure as u on x.unit = u.unit and x.study = u.study and x.site = u.site and x.subject_id = u.subject_id
    left join raters as r on x.unit = r.unit and x.study = r.study and x.site = r.site and x.subject_id = r.subject_id
    where not x.is_rated and x.n_held > e.rated_min_sessions
        and (
            100 * x.n_rated >= case when r.unit is null then e.rated_most_pct else e.rated_usual_pct end * (x.n_held - 1)
            or (x.n_rated = 0 and (x.study, x.session_no) in (select (study, session_no) from ref.planned_dose)
                and (x.unit, x.study, x.site) in (select (unit, study, site) from rated))
        )
    group by x.unit, x.study, x.site, x.subject_id
)

select
    r.unit, r.study, r.site, r.subject_id,
    r.subject_id as record_key,
    r.source_file, r.source_row, r.last_no,
    case
        when t.n_sessions is null or r.last_on is null or w.unit is null or p.subject_id is not null then null
        when s.is_withdrawn or r.last_no >= t.n_sessions then false
        else greatest(r.site_last_on, f.last_form_on) - r.last_on > e.course_over_days
    end as ends_early,
    g.missing_sessions,
    u.unrated_sessions,
from reached as r
cross join ref.evidence as e
inner join core.subject as s on r.unit = s.unit and r.study = s.study and r.site = s.site and r.subject_id = s.subject_id
inner join ref.trial as t on r.study = t.study
left join followed as f on r.study = f.study and r.site = f.site and r.subject_id = f.subject_id
left join told as w on r.unit = w.unit
left join unplaced as p on r.unit = p.unit and r.study = p.study and r.site = p.site and r.subject_id = p.subject_id
left join gaps as g on r.unit = g.unit and r.study = g.study and r.site = g.site and r.subject_id = g.subject_id
left join unrated as u on r.unit = u.unit and r.study = u.study and r.site = u.site and r.subject_id = u.subject_id
