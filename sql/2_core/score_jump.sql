-- core.score_jump: how far each value of the primary outcome lies from those of the visits before and after, and whether its
--        answers, or its two halves, are all the same
-- Grain: study, site, subject_id, form_id
-- Reads: core.primary, core.form
-- Why:   judged on 0-100, higher is worse. rise: how much worse than the visit before. apart: how far it lies from both neighbours,
--        on the same side of them; a form whose answers were turned round, or another participant's, jumps away and back
with course as (
    select
        p.study, p.site, p.subject_id, p.form_id, p.pomp, p.is_baseline,
        lag(p.pomp) over visits as pomp_before,
        p.pomp - pomp_before as from_before,
        p.pomp - lead(p.pomp) over visits as from_after,
    from core.primary as p
    where p.is_used and p.visit_order is not null
    window visits as (partition by p.study, p.site, p.subject_id order by p.visit_order, p.form_id)
)

select
    f.unit, c.study, c.site, c.subject_id, c.form_id, c.pomp, c.pomp_before, c.is_baseline,
    c.from_before as rise,
    case
        when c.from_before > 0 and c.from_after > 0 then least(c.from_before, c.from_after)
        when c.from_before < 0 and c.from_after < 0 then least(-c.from_before, -c.from_after)
        when c.from_before is not null and c.from_after is not null then 0
    end as apart,
    f.n_answered,
    f.lowest_answer = f.highest_answer as is_uniform,
    f.n_items,
    f.n_items % 2 = 0 and f.n_answered = f.n_items as has_halves,
    has_halves and f.item_values[1:f.n_items // 2] = f.item_values[f.n_items // 2 + 1:f.n_items] as is_half_alike,
    case when is_half_alike then list_unique(f.item_values) end as n_different,
    count(*) filter (is_half_alike) over of_site as n_alike,
    count(*) filter (has_halves) over of_site as n_halves,
    count(*) filter (is_half_alike) over (partition by c.study, c.site, c.subject_id) as n_own_alike,
    f.record_key, f.source_file, f.source_row,
from course as c
inner join core.form as f on c.form_id = f.form_id
window of_site as (partition by c.study, c.site)
