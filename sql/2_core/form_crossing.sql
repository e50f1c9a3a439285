-- core.form_crossing: forms of the primary outcome whose answers go with another participant's other forms, and that one's with theirs
-- Grain: form_id
-- Reads: core.form_shape, core.form, core.form_place, ref.evidence
-- Why:   two forms that were typed under each other's participant, at one visit, may have totals that fit both courses; how they rise
--        and fall over their items still tells whose they are. closer: by how much of their distance to the other forms of their own
--        participants both are nearer to those of each other's; crossing_sd: how the two differ, item by item, correlates with how the
--        others' forms of the two differ the other way round, in errors of chance
with suspect as materialized (
    select study, site, subject_id, form_id, visit_order,
    from core.form_shape
    where is_suspect
),
beside as (
    -- of each suspect form: how far it lies from the other forms of each participant who has one at its visit
    select
        a.form_id,
        b.form_id as other_id,
        avg(list_distance(x.answers, y.answers) ^ 2 - (x.total - y.total) ^ 2 / x.n_items) as apart,
    from suspect as a
    inner join suspect as b on a.study = b.study and a.site = b.site and a.visit_order = b.visit_order
    inner join core.form_shape as x on a.form_id = x.form_id
    inner join core.form_shape as y on b.study = y.study and b.site = y.site and b.subject_id = y.subject_id and x.n_items = y.n_items
    where y.visit_order <> a.visit_order
    group by a.form_id, b.form_id
),
closer as materialized (
    select
        p.form_id, p.other_id, round((a.apart + b.apart - p.apart - q.apart) / nullif(a.apart + b.apart, 0), 9) as closer,
    from beside as p
    inner join beside as q on p.form_id = q.other_id and p.other_id = q.form_id
    inner join beside as a on p.form_id = a.form_id and p.form_id = a.other_id
    inner join beside as b on p.other_id = b.form_id and p.other_id = b.other_id
    cross join ref.evidence as e
    where p.form_id < p.other_id and closer >= e.exchanged_closer
),
place as (
    select form_id, other_id, closer, unnest([form_id, other_id]) as of_id, unnest([true, false]) as is_own,
    from closer
),
answer as (
    select
        p.form_id, p.other_id, p.closer, w.n_items, p.is_own, w.visit_order = s.visit_order as is_here,
        unnest(w.answers) as answered,
        unnest(range(w.n_items)) as item_no,
    from place as p
    inner join suspect as s on p.of_id = s.form_id
    inner join core.form_shape as w on s.study = w.study and s.site = w.site and s.subject_id = w.subject_id
),
item as (
    select
        form_id, other_id, closer, n_items, item_no,
        avg(answered) filter (is_here and is_own) - avg(answered) filter (is_here and not is_own) as here,
        avg(answered) filter (not is_here and not is_own) - avg(answered) filter (not is_here and is_own) as elsewhere,
    from answer
    group by form_id, other_id, closer, n_items, item_no
),
crossing as (
    select form_id, other_id, closer, round(corr(here, elsewhere) * sqrt(n_items), 9) as crossing_sd,
    from item
    group by form_id, other_id, closer, n_items
),
eachway as (
    select form_id, other_id, closer, crossing_sd from crossing
    union all
    select other_id, form_id, closer, crossing_sd from crossing
),
told as (
    select p.form_id,
    from core.form_place as p
    cross join ref.evidence as e
    where p.closer >= e.exchanged_closer
)

select
    f.unit, f.study, f.site, f.subject_id, f.form_id, c.closer, c.crossing_sd,
    o.source_row as other_row,
    f.record_key, f.source_file, f.source_row,
from eachway as c
inner join core.form as f on c.form_id = f.form_id
inner join core.form as o on c.other_id = o.form_id
anti join told as t on c.form_id = t.form_id
where isfinite(c.crossing_sd)
qualify row_number() over (partition by c.form_id order by c.crossing_sd desc, c.other_id) = 1
