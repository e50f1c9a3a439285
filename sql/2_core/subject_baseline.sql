-- core.subject_baseline: whether each randomized participant has a baseline of the primary outcome and a known arm, and who was treated without a day zero
-- Grain: study, site, subject_id
-- Reads: core.subject, core.primary, core.form_visit, core.session, core.dose, ref.trial, ref.arm
-- Why:   judged by rules: without a baseline neither change nor the pooled z can be computed; without a date of randomization there is no
--        study day. Who took a dose unrandomized is asked about with the dose; who only came to sessions or later
--        visits would not be. A trial that is no longer blinded knows the arm of everybody who was randomized
with treated as (
    select v.study, v.site, v.subject_id,
    from core.session as v
    where v.attended
    union
    select f.study, f.site, f.subject_id,
    from core.form_visit as f
    where f.visit_order > 0 and not f.is_baseline_visit
),
dosed as (
    select distinct d.study, d.site, d.subject_id,
    from core.dose as d
    where d.taken
),
randomizing as (
    select distinct s.study, s.site,
    from core.subject as s
    where s.randomized_on is not null
),
arms as (
    select
        a.study,
        count(*) as n_arms,
    from ref.arm as a
    group by a.study
)

select
    s.unit,
    s.study,
    s.site,
    s.subject_id,
    t.primary_paramcd,
    s.randomized_on is not null as is_randomized,
    s.is_randomized is false and r.site is not null and v.subject_id is not null and d.subject_id is null as is_treated_unrandomized,
    count(p.form_id) filter (p.is_baseline) > 0 as has_baseline,
    s.is_randomized and not t.blinded and n.n_arms > 1 and s.arm_label is null as is_without_arm,
    any_value(s.record_key) as record_key,
    any_value(s.source_file) as source_file,
    any_value(s.source_row) as source_row,
from core.subject as s
inner join ref.trial as t on s.study = t.study
left join arms as n on s.study = n.study
left join core.primary as p on s.study = p.study and s.site = p.site and s.subject_id = p.subject_id
left join randomizing as r on s.study = r.study and s.site = r.site
left join treated as v on s.study = v.study and s.site = v.site and s.subject_id = v.subject_id
left join dosed as d on s.study = d.study and s.site = d.site and s.subject_id = d.subject_id
where t.primary_instrument is not null
group by
    s.unit, s.study, s.site, s.subject_id, t.primary_paramcd, s.randomized_on, s.is_randomized, r.site, v.subject_id,
    d.subject_id, t.blinded, n.n_arms, s.arm_label
