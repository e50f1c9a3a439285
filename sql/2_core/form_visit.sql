-- core.form_visit: the visit of each administration, its place in the window, and which one of a visit is used
-- Grain: form_id
-- Reads: core.form, core.subject, core.treatment_period, ref.visit, ref.visit_label, ref.instrument
-- Why:   the site's label decides; without a known label the window does, on study days from the visit's own anchor (the day of
--        the anchor is 1, there is no day 0; where the day of the first dose is not known, a later one does not stand in for it).
--        Of several windows the nearest target wins, then the earlier one. Two
--        administrations of one instrument with the same visit and date cannot be told apart: one is published (the one with
--        most answers), the other is told in a finding. Versions of an instrument are one family and share parameters: they are
--        alike here
with dated as (
    select
        f.form_id, f.study, f.site, f.subject_id, f.instrument, i.family, f.assessed_on, f.n_answered, s.usubjid, s.subject_no,
        l.visit as label_visit,
        s.randomized_on, s.consented_on, d.first_on as first_dose_on,
        (f.assessed_on - s.randomized_on) + (f.assessed_on >= s.randomized_on)::integer as ady,
    from core.form as f
    inner join core.subject as s on f.study = s.study and f.site = s.site and f.subject_id = s.subject_id
    inner join ref.instrument as i on f.instrument = i.instrument
    left join core.treatment_period as d on f.study = d.study and f.site = d.site and f.subject_id = d.subject_id
    left join ref.visit_label as l on f.study = l.study and lower(trim(f.visit_label)) = l.label_key
),
candidate as (
    select
        t.form_id, v.visit, v.visit_order, v.target_day, v.from_day, v.to_day, v.baseline, t.label_visit is not null as is_labelled,
        case v.anchor when 'consent' then t.consented_on when 'first_dose' then t.first_dose_on else t.randomized_on end as anchor_on,
        (t.assessed_on - anchor_on) + (t.assessed_on >= anchor_on)::integer as study_day,
        -- days from target to day, with no day 0 between -1 and 1
        study_day - v.target_day - (study_day > 0 and v.target_day < 0)::integer + (study_day < 0 and v.target_day > 0)::integer
            as target_diff,
    from dated as t
    inner join ref.visit as v on t.study = v.study and (t.label_visit = v.visit or t.label_visit is null)
    where t.label_visit is not null or study_day between v.from_day and v.to_day
),
labelled as (
    select form_id, visit, visit_order, target_day, from_day, to_day, baseline, study_day, target_diff,
    from candidate
    where is_labelled
    union all
    select form_id, visit, visit_order, target_day, from_day, to_day, baseline, study_day, target_diff,
    from candidate
    where not is_labelled
    qualify row_number() over (partition by form_id order by abs(target_diff), target_day, visit_order) = 1
),
placed as (
    select
        t.form_id, t.study, t.site, t.subject_id, t.usubjid, t.subject_no, t.instrument, t.family, t.assessed_on, t.n_answered, t.ady,
        coalesce(c.visit, 'UNSCHEDULED') as visit,
        c.visit_order, c.study_day, c.target_day, c.from_day, c.to_day, c.target_diff,
        t.label_visit is not null as is_labelled,
        coalesce(c.baseline, false) as is_baseline_visit,
        hash(t.study, t.site, t.subject_id, t.family, coalesce(c.visit, 'UNSCHEDULED')) as visit_hash,
    from dated as t
    left join labelled as c on t.form_id = c.form_id
),
alike as (
    -- hardly any visit is there twice: all others leave by the count of their hash
    select form_id, count(*) over (partition by study, site, subject_id, family, visit) as n_in_visit,
    from placed
    where visit_hash in (select visit_hash from placed group by visit_hash having count(*) > 1)
),
crowded as (
    select
        p.form_id, p.visit <> 'UNSCHEDULED' as is_planned,
        row_number() over (
            partition by p.study, p.site, p.subject_id, p.family, p.visit, p.assessed_on order by p.n_answered desc, p.form_id
        ) = 1 as is_told_apart,
    from placed as p
    inner join alike as a on p.form_id = a.form_id
    where a.n_in_visit > 1
    qualify is_told_apart
),
chosen as (
    select p.form_id,
    from placed as p
    inner join crowded as c on p.form_id = c.form_id
    where c.is_planned
    qualify row_number() over (
        partition by p.study, p.site, p.subject_id, p.family, p.visit
        order by p.n_answered = 0, abs(p.target_diff) nulls last, p.assessed_on nulls last, p.form_id
    ) = 1
)

select
    p.form_id,
    row_number() over (
        order by p.subject_no, p.instrument, p.visit_order nulls last, p.assessed_on nulls last, p.form_id
    ) as form_no,
    p.study,
    p.site,
    p.subject_id,
    p.usubjid,
    p.instrument,
    p.visit,
    p.visit_order,
    p.assessed_on,
    p.ady::integer as ady,
    p.study_day::integer as study_day,
    p.target_day as window_target,
    p.from_day as window_from,
    p.to_day as window_to,
    p.target_diff::integer as target_diff,
    p.is_labelled,
    p.is_baseline_visit,
    p.is_labelled and p.study_day not between p.from_day and p.to_day as out_of_window,
    coalesce(a.n_in_visit, 1)::integer as n_in_visit,
    coalesce(a.n_in_visit, 1) = 1 or c.form_id is not null as is_told_apart,
    p.visit <> 'UNSCHEDULED' and (coalesce(a.n_in_visit, 1) = 1 or u.form_id is not null) as is_used,
from placed as p
left join alike as a on p.form_id = a.form_id
left join crowded as c on p.form_id = c.form_id
left join chosen as u on p.form_id = u.form_id
