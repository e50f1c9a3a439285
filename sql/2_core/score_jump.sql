-- core.score_jump: how far each value of the primary outcome lies from those of the visits before and after, and whether its
--        answers, its two halves, or its last answers are all the same, or one half nothing but zeros
-- Grain: study, site, subject_id, form_id
-- Reads: core.primary, core.form
-- Why:   judged on 0-100, higher is worse. rise: how much worse than the visit before. apart: how far it lies from both neighbours,
--        on the same side of them; a form whose answers were turned round, or another participant's, jumps away and back. A blank
--        page of a form in subscales is half of each: the quarters of the answers tell. Who stops before the end leaves blanks, which
--        some systems write as 0: n_last lowest answers at the end, rare by_chance, and of the visit before (or after) n_last_beside
with course as (
    select
        p.study, p.site, p.subject_id, p.form_id, p.pomp, p.is_baseline, p.visit_order,
        lag(p.form_id) over visits as before_id,
        lead(p.form_id) over visits as after_id,
        lag(p.pomp) over visits as pomp_before,
        p.pomp - pomp_before as from_before,
        p.pomp - lead(p.pomp) over visits as from_after,
    from core.primary as p
    where p.is_used and p.visit_order is not null
    window visits as (partition by p.study, p.site, p.subject_id order by p.visit_order, p.form_id)
),
answered as (
    select
        c.form_id, c.study, c.site, c.subject_id, f.unit, f.n_answered, f.n_items, f.lowest_answer = f.highest_answer as is_uniform, f.record_key, f.source_file, f.source_row,
        f.n_items % 2 = 0 and f.n_answered = f.n_items as has_halves,
        -- most halves differ in their first answer already
        case
            when not has_halves or f.item_values[1] <> f.item_values[f.n_items // 2 + 1] then false
            else f.item_values[1:f.n_items // 2] = f.item_values[f.n_items // 2 + 1:f.n_items]
        end as is_half_alike,
        case when is_half_alike then list_unique(f.item_values) end as n_different,
        f.n_items // 2 as n_half,
        f.n_items // 4 as n_part,
        -- most forms have other answers than 0 at either end
        case
            when f.lowest_answer <> 0 or f.highest_answer = 0 or f.n_answered < f.n_items then false
            when f.item_values[1] = 0 and f.item_values[2] = 0 and list_max(f.item_values[1:n_part]) = 0
                then list_max(f.item_values[n_part + 1:n_half]) = 0 or list_max(f.item_values[n_half + 1:n_half + n_part]) = 0
            when f.item_values[-1] = 0 and f.item_values[-2] = 0 and list_max(f.item_values[-n_part:]) = 0
                then list_max(f.item_values[-n_half:-n_part - 1]) = 0 or list_max(f.item_values[n_half - n_part + 1:n_half]) = 0
            else false
        end as is_half_zero,
        case when f.n_answered = f.n_items and f.lowest_answer < f.highest_answer then f.lowest_answer end as lowest,
        case
            when f.item_values[-1] = lowest and f.item_values[-2] = lowest and f.item_values[-3] = lowest and f.item_values[-4] = lowest
                and f.item_values[-5] = lowest then f.item_values
        end as ends_low,
        coalesce(c.before_id, c.after_id) as beside_id,
    from course as c
    inner join core.form as f on c.form_id = f.form_id
),
counted as (
    -- five lowest answers and more at the end
    select
        a.form_id, a.beside_id, a.lowest, len(a.ends_low) as n,
        list_position(list_transform(list_reverse(a.ends_low), lambda v: v > a.lowest), true) - 1 as n_last,
        len(list_filter(a.ends_low, lambda v: v = a.lowest)) as n_lowest,
    from answered as a
    where a.ends_low is not null
),
stopped as (
    select
        t.form_id, t.n_last,
        len(list_filter(f.item_values[-t.n_last:], lambda v: v = t.lowest)) as n_last_beside,
        -- n_lowest of n drawn, the last n_last among them
        exp(lgamma(t.n - t.n_last + 1) - lgamma(t.n_lowest - t.n_last + 1) - lgamma(t.n + 1) + lgamma(t.n_lowest + 1)) as by_chance,
    from counted as t
    inner join core.form as f on t.beside_id = f.form_id and f.n_answered = f.n_items
),
of_site as (
    select study, site, count(*) filter (is_half_alike) as n_alike, count(*) filter (has_halves) as n_halves,
    from answered
    group by all
),
own as (
    select study, site, subject_id, count(*) as n_own_alike,
    from answered
    where is_half_alike
    group by all
)

select
    a.unit, c.study, c.site, c.subject_id, c.form_id, c.visit_order, c.before_id, c.after_id, c.pomp, c.pomp_before, c.is_baseline,
    (coalesce(c.from_before, c.from_after) + coalesce(c.from_after, c.from_before)) / 2 as off_course,
    c.from_before as rise,
    case
        when c.from_before > 0 and c.from_after > 0 then least(c.from_before, c.from_after)
        when c.from_before < 0 and c.from_after < 0 then least(-c.from_before, -c.from_after)
        when c.from_before is not null and c.from_after is not null then 0
    end as apart,
    a.n_answered, a.is_uniform, a.n_items, a.has_halves, a.is_half_alike, a.n_different, a.is_half_zero,
    s.n_alike, s.n_halves,
    coalesce(o.n_own_alike, 0) as n_own_alike,
    z.n_last, z.n_last_beside, z.by_chance,
    a.record_key, a.source_file, a.source_row,
from course as c
inner join answered as a on c.form_id = a.form_id
inner join of_site as s on c.study = s.study and c.site = s.site
left join own as o on c.study = o.study and c.site = o.site and c.subject_id = o.subject_id
left join stopped as z on c.form_id = z.form_id
