-- core.visit_gap: visits at which a participant has no form of an instrument, although the site's others have, and came back later
-- Grain: study, site, subject_id, instrument; only where a visit is left out
-- Reads: core.form_visit, core.form, core.form_total, core.subject, ref.trial, ref.instrument, ref.evidence
-- Why:   a form that is missing leaves no trace but this; one without an answer or a total is none. Asked where nearly all others of the
--        site who came to a later visit have it, and the participant has no unscheduled form. A missing baseline of the primary outcome
--        has a rule of its own
with given as (
    -- versions of an instrument are one family
    select
        v.study, v.site, v.subject_id, i.family as instrument, v.visit,
        min(v.visit_order) as visit_order,
        bool_or(v.is_baseline_visit) as is_baseline,
    from core.form_visit as v
    inner join ref.instrument as i on v.instrument = i.instrument
    inner join core.form as f on v.form_id = f.form_id
    where f.n_answered > 0 or f.n_faulty > 0 or f.form_id in (select form_id from core.form_total)
    group by v.study, v.site, v.subject_id, i.family, v.visit
),
stay as (
    select study, site, subject_id, instrument, max(visit_order) as last_order, bool_or(visit = 'UNSCHEDULED') as is_unsure,
    from given
    group by study, site, subject_id, instrument
),
visit as (
    select distinct study, site, instrument, visit, visit_order, is_baseline,
    from given
    where visit <> 'UNSCHEDULED'
),
due as (
    select
        s.study, s.site, s.subject_id, s.instrument, s.is_unsure, v.visit, v.visit_order, v.is_baseline, g.visit is not null as is_there,
        count(*) over of_visit as n_due,
        count(g.visit) over of_visit as n_there,
    from stay as s
    inner join visit as v on s.study = v.study and s.site = v.site and s.instrument = v.instrument and s.last_order > v.visit_order
    left join given as g
        on s.study = g.study and s.site = g.site and s.subject_id = g.subject_id and s.instrument = g.instrument and v.visit = g.visit
    window of_visit as (partition by v.study, v.site, v.instrument, v.visit)
),
missing as (
    select d.study, d.site, d.subject_id, d.instrument, string_agg(d.visit, ', ' order by d.visit_order, d.visit) as missing_visits,
    from due as d
    cross join ref.evidence as e
    inner join ref.trial as t on d.study = t.study
    left join ref.instrument as p on t.primary_instrument = p.instrument
    where
        not d.is_there and not d.is_unsure and not (d.is_baseline and d.instrument is not distinct from p.family)
        and d.n_due > e.visit_min_participants and 100 * d.n_there >= e.visit_usual_pct * (d.n_due - 1)
    group by d.study, d.site, d.subject_id, d.instrument
)

select
    s.unit, m.study, m.site, m.subject_id, m.instrument, m.missing_visits,
    m.subject_id || '|' || m.instrument as record_key,
    arg_min(f.source_file, f.form_id) as source_file,
    arg_min(f.source_row, f.form_id) as source_row,
from missing as m
inner join core.subject as s on m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
inner join ref.instrument as i on m.instrument = i.family
inner join core.form as f on m.study = f.study and m.site = f.site and m.subject_id = f.subject_id and i.instrument = f.instrument
group by s.unit, m.study, m.site, m.subject_id, m.instrument, m.missing_visits
