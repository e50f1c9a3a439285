-- core.form_shape: forms of the primary outcome that rise and fall over their items unlike the ones before and after
-- Grain: form_id; only of participants with such a form, at sites whose participants answer in their own way
-- Reads: core.score_jump, core.form, ref.evidence
-- Why:   most people answer in their own way from visit to visit, so that a form tells whose it is. Two forms are apart by their squared
--        distance, less what their means differ by. person_ratio: of a few participants, the median distance to the form before of the
--        participant after in the list, by that to the own one before: where it is near 1 nothing can be told, and nothing is looked at. is_suspect: of the
--        forms of a visit, those farthest from the ones before and after
with person as (
    select j.study, j.site, j.subject_id, row_number() over (partition by j.study, j.site order by j.subject_id) as person_no,
    from core.score_jump as j
    where j.before_id is not null
    group by j.study, j.site, j.subject_id
),
few as materialized (
    -- list_distance refuses a list in whose memory any null lies
    select
        j.study, j.site, p.person_no, p.person_no % e.profile_sample + 1 as next_no, j.visit_order, j.form_id, j.before_id, f.n_items, f.item_values as answers,
        list_sum(f.item_values) as total,
    from person as p
    cross join ref.evidence as e
    inner join core.score_jump as j on p.study = j.study and p.site = j.site and p.subject_id = j.subject_id
    inner join core.form as f on j.form_id = f.form_id
    where
        p.person_no <= e.profile_sample
        and f.n_items >= e.copied_min_answers and f.n_answered = f.n_items and f.lowest_answer < f.highest_answer
),
usual as materialized (
    select
        a.study, a.site,
        median(list_distance(a.answers, b.answers) ^ 2 - (a.total - b.total) ^ 2 / a.n_items) as usual_apart,
        median(list_distance(a.answers, o.answers) ^ 2 - (a.total - o.total) ^ 2 / a.n_items) / nullif(usual_apart, 0) as person_ratio,
    from few as a
    inner join few as b on a.before_id = b.form_id and a.n_items = b.n_items
    inner join few as o
        on a.study = o.study and a.site = o.site and b.visit_order = o.visit_order and a.n_items = o.n_items
        and a.next_no = o.person_no
    cross join ref.evidence as e
    group by a.study, a.site
    having count(*) >= any_value(e.exchanged_min_forms) // 2 and person_ratio >= any_value(e.exchanged_person_ratio)
),
whole as materialized (
    select
        j.study, j.site, j.subject_id, j.form_id, j.visit_order, j.before_id, f.n_items, f.item_values as answers,
        list_sum(f.item_values) as total,
        u.usual_apart, u.person_ratio,
    from core.score_jump as j
    cross join ref.evidence as e
    inner join usual as u on j.study = u.study and j.site = u.site
    inner join core.form as f on j.form_id = f.form_id
    where f.n_items >= e.copied_min_answers and f.n_answered = f.n_items and f.lowest_answer < f.highest_answer
),
step as materialized (
    select
        a.form_id, a.before_id, list_distance(a.answers, b.answers) ^ 2 - (a.total - b.total) ^ 2 / a.n_items as apart,
    from whole as a
    inner join whole as b on a.before_id = b.form_id and a.n_items = b.n_items
),
own as (
    select form_id, avg(apart) as apart,
    from (
        select form_id, apart from step
        union all
        select before_id, apart from step
    ) as either
    group by form_id
),
suspect as materialized (
    select w.study, w.site, w.subject_id, w.form_id,
    from own as o
    inner join whole as w on o.form_id = w.form_id
    cross join ref.evidence as e
    where o.apart >= e.exchanged_apart_ratio * w.usual_apart
    qualify
        row_number() over (partition by w.study, w.site, w.visit_order order by round(o.apart, 6) desc, w.form_id)
        <= e.exchanged_max_suspects
)

select
    w.study, w.site, w.subject_id, w.form_id, w.visit_order, w.n_items, w.answers, w.total, w.person_ratio,
    w.form_id in (select form_id from suspect) as is_suspect,
from whole as w
semi join suspect as s on w.study = s.study and w.site = s.site and w.subject_id = s.subject_id
