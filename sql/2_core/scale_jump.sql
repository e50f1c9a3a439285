-- core.scale_jump: how far a form of a questionnaire that is not the primary outcome lies from those of the visits before and after
-- Grain: study, site, subject_id, form_id; forms between two others of the participant
-- Reads: core.score, core.form, core.form_visit, ref.trial
-- Why:   a rating of one number has no other answers that tell of a slip; the participant's other visits do, where people at the site
--        do not change as much. On 0-100: apart is the distance from the nearer neighbour where both are on the same side, off_course that
--        from the middle of the two; usual_off is the median of that over the site's n_between forms. The first scale is looked at
with main as (
    select distinct s.instrument, t.study,
    from core.score as s
    inner join ref.trial as t on s.paramcd = t.primary_paramcd
),
course as (
    select
        f.unit, v.study, v.site, v.subject_id, s.instrument, s.form_id, s.scale_no, f.record_key, f.source_file, f.source_row,
        round(s.pomp - lag(s.pomp) over visits, 6) as from_before,
        round(s.pomp - lead(s.pomp) over visits, 6) as from_after,
    from core.score as s
    inner join core.form_visit as v on s.form_id = v.form_id
    inner join core.form as f on s.form_id = f.form_id
    anti join main as m on v.study = m.study and s.instrument = m.instrument
    where s.is_used and s.pomp is not null and v.visit_order is not null
    window visits as (
        partition by f.unit, v.study, v.site, v.subject_id, s.instrument, s.scale_no order by v.visit_order, s.form_id
    )
    qualify min(s.scale_no) over (partition by v.study, s.instrument) = s.scale_no
),
between_two as (
    select
        c.unit, c.study, c.site, c.subject_id, c.instrument, c.form_id, c.record_key, c.source_file, c.source_row,
        case
            when c.from_before > 0 and c.from_after > 0 then least(c.from_before, c.from_after)
            when c.from_before < 0 and c.from_after < 0 then least(-c.from_before, -c.from_after)
            else 0
        end as apart,
        abs(c.from_before + c.from_after) / 2 as off_course,
    from course as c
    where c.from_before is not null and c.from_after is not null
)

select
    b.unit, b.study, b.site, b.subject_id, b.instrument, b.form_id,
    b.record_key, b.source_file, b.source_row,
    b.apart, b.off_course,
    median(b.off_course) over (partition by b.unit, b.study, b.site, b.instrument) as usual_off,
    count(*) over (partition by b.unit, b.study, b.site, b.instrument) as n_between,
from between_two as b
