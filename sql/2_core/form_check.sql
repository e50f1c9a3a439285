-- core.form_check: what rules must know of each administration: its visit, its date, how much of it is answered
-- Grain: form_id
-- Reads: core.form, intake.form, intake.item, core.form_visit, core.form_total, core.items_sent, core.score, core.subject,
--        ref.visit, ref.instrument, ref.evidence
-- Why:   one finding an administration, not one an item or a scale; one a visit where the visit is late. is_undated: no date was
--        sent, or a declared missing code; a date that could not be read is told elsewhere. n_visits_apart: of how many of the site's
--        n_visits the forms lie days apart; only given of a form whose day is not that of most of its visit's
with unscored as (
    select form_id, count(*) as n_unscored,
    from core.score
    where aval is null and n_answered > 0
    group by form_id
),
told as (
    -- several instruments of one visit are one late visit
    select min(form_id) as form_id,
    from core.form_visit
    where out_of_window
    group by study, site, subject_id, visit, assessed_on
),
undated as (
    select row_id * 2 as form_id,
    from intake.form
    where assessed_on is null and assessed_on_fault is null
    union all
    select row_id * 2 + 1 as form_id,
    from intake.item
    where assessed_on is null and assessed_on_fault is null and counts
),
shared as (
    select study, site, subject_id, visit, count(*) as n_forms, max(assessed_on) - min(assessed_on) as days_apart,
    from core.form_visit
    where is_used and assessed_on is not null and out_of_window is not true
    group by study, site, subject_id, visit
    having count(*) > 1
),
together as (
    select s.study, s.site, count(*) as n_visits, count(*) filter (s.days_apart >= e.visit_apart_min_days) as n_visits_apart,
    from shared as s
    cross join ref.evidence as e
    group by s.study, s.site
),
apart as (
    select v.form_id, t.n_visits, t.n_visits_apart,
    from shared as s
    cross join ref.evidence as e
    inner join together as t on s.study = t.study and s.site = t.site
    inner join core.form_visit as v on s.study = v.study and s.site = v.site and s.subject_id = v.subject_id and s.visit = v.visit
    where s.days_apart >= e.visit_apart_min_days and v.is_used and v.assessed_on is not null and v.out_of_window is not true
    qualify 2 * count(*) over (partition by v.study, v.site, v.subject_id, v.visit, v.assessed_on) <= s.n_forms
)

select
    f.unit,
    f.study,
    f.site,
    f.subject_id,
    f.form_id,
    f.instrument,
    f.visit_label as visit,
    f.visit_raw,
    f.assessed_on,
    f.assessed_on_raw,
    f.assessed_on is null and f.form_id in (select form_id from undated) as is_undated,
    v.is_labelled,
    f.study in (select study from ref.visit) as has_visits,
    case when not v.out_of_window or f.form_id in (select form_id from told) then v.out_of_window end as out_of_window,
    v.n_in_visit,
    v.visit = 'UNSCHEDULED' as is_unscheduled,
    v.is_told_apart,
    v.is_used,
    v.is_baseline_visit,
    n.of_change,
    f.n_answered,
    f.n_faulty,
    f.n_items,
    coalesce(u.n_unscored, 0) as n_unscored,
    f.form_id in (select form_id from core.form_total) as has_total,
    i.instrument is not null as has_items_sent,
    s.consented_on,
    a.n_visits,
    a.n_visits_apart,
    f.record_key,
    f.source_file,
    f.source_row,
from core.form as f
inner join core.form_visit as v on f.form_id = v.form_id
inner join core.subject as s on f.study = s.study and f.site = s.site and f.subject_id = s.subject_id
inner join ref.instrument as n on f.instrument = n.instrument
left join core.items_sent as i on f.unit = i.unit and f.site = i.site and f.instrument = i.instrument
left join unscored as u on f.form_id = u.form_id
left join apart as a on f.form_id = a.form_id
