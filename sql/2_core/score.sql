-- core.score: every scale of every administration
-- Grain: form_id, paramcd
-- Reads: core.form, core.form_visit, core.form_total, core.scale_weight, ref.scale
-- Why:   a score is computed from items; missing ones are filled by the person's own mean where the scale allows so many, else
--        there is no score. A scale of parts needs every part. Where no item was sent at all, the reported total is the score.
--        Complete forms, nearly all, are scored from the list as it is
with form as (
    select
        f.form_id,
        f.instrument,
        f.n_answered = f.n_items as is_complete,
        f.n_answered = 0 and f.n_faulty = 0 as is_total_only,
        case when f.n_answered = f.n_items then f.item_values else list_transform(f.item_values, lambda v: coalesce(v, 0)) end
            as answers,
        case when f.n_answered < f.n_items then list_transform(f.item_values, lambda v: (v is not null)::double) end as answered,
    from core.form as f
),
added as (
    select
        f.form_id,
        w.paramcd,
        w.method,
        w.missing,
        w.max_missing_pct,
        w.n_items,
        case when f.is_complete then w.n_items else list_dot_product(f.answered, w.members) end as n_answered,
        list_dot_product(f.answers, w.signs)
        + case
            when w.shifts is null then 0
            when f.is_complete then list_sum(w.shifts)
            else list_dot_product(f.answered, w.shifts)
        end as total,
    from form as f
    inner join core.scale_weight as w on f.instrument = w.instrument
),
scored as (
    select
        a.form_id,
        a.paramcd,
        a.n_answered,
        a.n_answered < a.n_items as is_incomplete,
        case
            when a.n_answered = a.n_items then a.total
            when a.missing = 'prorate' and a.n_answered > 0 and (a.n_items - a.n_answered) * 100 <= a.max_missing_pct * a.n_items
                then a.total * a.n_items / a.n_answered
        end / case a.method when 'mean' then a.n_items else 1 end as aval,
    from added as a
),
part as (
    select instrument, paramcd, unnest(parts) as part, unnest(range(1, len(parts) + 1)) as part_no,
    from ref.scale
    where len(parts) > 0
),
whole as (
    select form_id, paramcd, n_answered, is_incomplete, aval,
    from scored
    union all
    select
        s.form_id,
        p.paramcd,
        sum(s.n_answered),
        bool_or(s.is_incomplete),
        case when count(s.aval) = any_value(len(r.parts)) then sum(s.aval order by p.part_no) end
        / case any_value(r.method) when 'mean' then count(*) else 1 end,
    from scored as s
    inner join part as p on s.paramcd = p.part
    inner join ref.scale as r on p.instrument = r.instrument and p.paramcd = r.paramcd
    inner join form as f on s.form_id = f.form_id and p.instrument = f.instrument
    group by s.form_id, p.paramcd
),
told as (
    select
        w.form_id,
        f.instrument,
        w.paramcd,
        r.scale_no,
        case
            when not f.is_total_only then w.aval
            when t.reported between r.scale_min and r.scale_max then t.reported
        end as aval,
        r.n_items,
        w.n_answered,
        w.is_incomplete and w.aval is not null as is_prorated,
        t.reported,
        case when not w.is_incomplete then round(t.reported - w.aval, 9) end as total_diff,
        r.scale_min,
        r.scale_max,
        r.higher_is_worse,
    from whole as w
    inner join form as f on w.form_id = f.form_id
    inner join ref.scale as r on f.instrument = r.instrument and w.paramcd = r.paramcd
    left join core.form_total as t on w.form_id = t.form_id and w.paramcd = t.paramcd
    where w.n_answered > 0 or t.reported is not null
),
rival as (
    select t.form_id, t.paramcd,
    from told as t
    inner join core.form_visit as v on t.form_id = v.form_id
    where v.n_in_visit > 1 and v.visit <> 'UNSCHEDULED' and v.is_told_apart and t.aval is not null
    qualify row_number() over (
        partition by v.study, v.site, v.subject_id, v.visit, t.instrument, t.paramcd
        order by abs(v.target_diff) nulls last, v.assessed_on nulls last, t.form_id
    ) = 1
)

select
    t.form_id,
    t.instrument,
    t.paramcd,
    t.scale_no,
    t.aval,
    t.n_items,
    t.n_answered::integer as n_answered,
    t.is_prorated,
    t.reported,
    t.total_diff,
    case when t.higher_is_worse then 100 * (t.aval - t.scale_min) else 100 * (t.scale_max - t.aval) end / (t.scale_max - t.scale_min)
        as pomp,
    t.aval is not null and v.visit <> 'UNSCHEDULED' and (v.n_in_visit = 1 or r.form_id is not null) as is_used,
from told as t
inner join core.form_visit as v on t.form_id = v.form_id
left join rival as r on t.form_id = r.form_id and t.paramcd = r.paramcd
