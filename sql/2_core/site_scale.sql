-- core.site_scale: whether a questionnaire of a site grows worse over the course while the site's primary outcome gets better
-- Grain: unit, study, site, instrument; every instrument but that of the primary outcome
-- Reads: core.score, core.form, core.form_visit, core.primary, ref.trial
-- Why:   what a treatment does to the primary outcome it does to other scales of distress, or nothing; where nearly all who change grow
--        worse on one of them alone, its answers are most likely turned round, and its total with them. The first scale of an instrument
--        is looked at
with main as (
    select distinct s.instrument, t.study,
    from core.score as s
    inner join ref.trial as t on s.paramcd = t.primary_paramcd
),
used as (
    select
        f.unit, v.study, v.site, v.subject_id, s.instrument, s.pomp, v.visit_order, f.form_id, f.source_file,
    from core.score as s
    inner join core.form_visit as v on s.form_id = v.form_id
    inner join core.form as f on s.form_id = f.form_id
    anti join main as m on v.study = m.study and s.instrument = m.instrument
    where s.is_used and s.pomp is not null and v.visit_order is not null
    qualify min(s.scale_no) over (partition by v.study, s.instrument) = s.scale_no
),
course as (
    select
        unit, study, site, instrument, subject_id,
        arg_max(pomp, visit_order) - arg_min(pomp, visit_order) as change,
        arg_min(source_file, form_id) as source_file,
    from used
    group by unit, study, site, instrument, subject_id
    having count(*) > 1
),
primary_course as (
    select study, site, subject_id, arg_max(pomp, visit_order) - arg_min(pomp, visit_order) as change,
    from core.primary
    where is_used and visit_order is not null
    group by study, site, subject_id
    having count(*) > 1
)

select
    c.unit, c.study, c.site, c.instrument,
    null::varchar as subject_id,
    c.site || '|' || c.instrument as record_key,
    min(c.source_file) as source_file,
    null::bigint as source_row,
    count(*) filter (c.change > 0) as n_worse,
    count(*) filter (c.change < 0) as n_better,
    count(*) filter (p.change < 0) as n_primary_better,
    count(p.change) as n_primary,
from course as c
inner join primary_course as p on c.study = p.study and c.site = p.site and c.subject_id = p.subject_id
group by c.unit, c.study, c.site, c.instrument
