-- core.total_check: reported totals against the scores computed from items
-- Grain: form_id, paramcd
-- Reads: core.form, core.form_total, core.score, ref.scale, ref.item, ref.evidence
-- Why:   judged by rules. A reported mean may be rounded to one decimal; a sum may not differ at all. A difference that has a
--        likely cause (the mean, the other direction, every item one off) is told with it; nothing is put right by itself. A prorated
--        score and a total of the same form lie no further apart than the unanswered items reach
with highest as (
    select instrument, max(item_max) as item_max,
    from ref.item
    group by instrument
)

select
    f.unit,
    f.study,
    f.site,
    f.subject_id,
    t.form_id,
    t.paramcd,
    t.reported as total,
    t.reported_raw as total_raw,
    s.aval,
    s.total_diff,
    f.n_answered,
    r.method = 'mean' as is_mean,
    abs(s.total_diff) <= case r.method when 'mean' then e.total_mean_tolerance + 1e-9 else 0 end as is_equal,
    t.reported between r.scale_min and r.scale_max as is_in_scale,
    case
        when s.is_prorated and r.method = 'sum' then abs(t.reported - s.aval) <= (s.n_items - s.n_answered) * h.item_max + 1e-9
    end as is_reachable,
    case
        when s.total_diff is null or is_equal then null
        when r.n_items > 1 and r.method = 'sum' and abs(t.reported - s.aval / r.n_items) <= e.total_mean_tolerance + 1e-9 then 'the mean of the items'
        when r.n_items > 1 and r.method = 'mean' and t.reported = s.aval * r.n_items then 'the sum of the items'
        when t.reported = r.scale_min + r.scale_max - s.aval then 'the score in the other direction'
        when abs(s.total_diff) = r.n_items and r.method = 'sum' then 'the sum of items coded one off'
    end as looks_like,
    t.record_key,
    t.source_file,
    t.source_row,
from core.form_total as t
inner join core.form as f on t.form_id = f.form_id
cross join ref.evidence as e
left join ref.scale as r on f.instrument = r.instrument and t.paramcd = r.paramcd
left join highest as h on f.instrument = h.instrument
left join core.score as s on t.form_id = s.form_id and t.paramcd = s.paramcd
