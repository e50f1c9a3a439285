-- core.score: every scale of every administration
-- Grain: form_id, paramcd
-- Reads: core.form, core.form_visit, core.form_total, core.scale, core.items_sent
-- Why:   a score is computed from items; missing ones are filled by the person's own mean where the scale allows so many, else
--        there is no score. A scale of parts needs every part. The reported total is the score only where the site delivers the
--        instrument in totals: one that could have been added up from items, but was not, is kept beside an unknown score.
--        list_dot_product refuses a list in whose memory any null lies, so that all lists are filled with 0 first
with form as (
    select
        f.form_id,
        f.instrument,
        f.n_answered = f.n_items as is_complete,
        i.instrument is null as is_total_only,
        list_transform(f.item_values, lambda v: coalesce(v, 0)) as answers,
        case when f.n_answered < f.n_items then list_transform(f.item_values, lambda v: (v is not null)::double) end as answered,
    from core.form as f
    left join core.items_sent as i on f.unit = i.unit and f.site = i.site and f.instrument = i.instrument
),
added as (
    select
        f.form_id,
        s.scale_id,
        f.is_total_only,
        s.n_items,
        s.max_missing_pct,
        s.is_mean,
        case when f.is_complete then s.n_items else list_dot_product(f.answered, s.members)::integer end as n_answered,
        list_dot_product(f.answers, s.signs)
        + case
            when s.shifts is null then 0
            when f.is_complete then list_sum(s.shifts)
            else list_dot_product(f.answered, s.shifts)
        end as total,
    from form as f
    inner join core.scale as s on f.instrument = s.instrument
    where s.signs is not null
),
scored as (
    select
        form_id,
        scale_id,
        is_total_only,
        n_answered,
        n_answered < n_items as is_incomplete,
        case
            when n_answered = n_items then total
            when n_answered > 0 and (n_items - n_answered) * 100 <= max_missing_pct * n_items then total * n_items / n_answered
        end / case when is_mean then n_items else 1 end as aval,
    from added
),
part as (
    select w.scale_id as whole_id, p.scale_id, len(w.parts) as n_parts, w.is_mean,
    from core.scale as w
    inner join core.scale as p on w.instrument = p.instrument and list_contains(w.parts, p.paramcd)
),
told as (
    select form_id, scale_id, is_total_only, n_answered, is_incomplete, aval,
    from scored
    union all
    -- two numbers give one sum in any order; of more the last digits would not, hence the rounding
    select
        s.form_id,
        p.whole_id,
        any_value(s.is_total_only),
        sum(s.n_answered)::integer,
        bool_or(s.is_incomplete),
        case
            when count(s.aval) = any_value(p.n_parts)
                then case when any_value(p.n_parts) <= 2 then sum(s.aval) else round(sum(s.aval), 9) end
        end / case when any_value(p.is_mean) then any_value(p.n_parts) else 1 end,
    from scored as s
    inner join part as p on s.scale_id = p.scale_id
    group by s.form_id, p.whole_id
),
reported as (
    select t.form_id, s.scale_id, t.reported,
    from core.form_total as t
    inner join core.scale as s on t.instrument = s.instrument and t.paramcd = s.paramcd
),
valued as (
    select
        t.form_id,
        s.scale_id,
        s.instrument,
        s.paramcd,
        s.scale_no,
        case when not t.is_total_only then t.aval when r.reported between s.scale_min and s.scale_max then r.reported end as aval,
        s.n_items,
        t.n_answered,
        t.is_incomplete and t.aval is not null as is_prorated,
        r.reported,
        case when not t.is_incomplete then round(r.reported - t.aval, 9) end as total_diff,
        100 * case when s.higher_is_worse then aval - s.scale_min else s.scale_max - aval end / (s.scale_max - s.scale_min) as pomp,
        v.visit <> 'UNSCHEDULED' and v.is_told_apart as is_placed,
        v.n_in_visit > 1 as is_crowded,
    from told as t
    inner join core.scale as s on t.scale_id = s.scale_id
    inner join core.form_visit as v on t.form_id = v.form_id
    left join reported as r on t.form_id = r.form_id and t.scale_id = r.scale_id
    where t.n_answered > 0 or r.reported is not null
),
chosen as (
    -- by parameter, not by scale: versions of an instrument share some
    select t.form_id, t.scale_id,
    from valued as t
    inner join core.form_visit as v on t.form_id = v.form_id
    where t.is_crowded and t.is_placed and t.aval is not null
    qualify row_number() over (
        partition by v.study, v.site, v.subject_id, v.visit, t.paramcd
        order by abs(v.target_diff) nulls last, v.assessed_on nulls last, t.form_id
    ) = 1
)

select
    t.form_id, t.instrument, t.paramcd, t.scale_no, t.aval, t.n_items, t.n_answered, t.is_prorated, t.reported, t.total_diff, t.pomp,
    t.is_placed and t.aval is not null and (not t.is_crowded or c.form_id is not null) as is_used,
from valued as t
left join chosen as c on t.form_id = c.form_id and t.scale_id = c.scale_id
