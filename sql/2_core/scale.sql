-- core.scale: each scale with its number, and its items as rows of numbers, one a place in the instrument's list of items
-- Grain: scale_id
-- Reads: ref.scale, ref.item
-- Why:   a score is then two dot products: answers times sign plus answered times shift. A reversed item has sign -1 and
--        shift minimum + maximum; an item that is not of the scale has 0. Far cheaper than picking items out of lists.
--        Scales made of parts have no such rows
with weighted as (
    select
        s.instrument,
        s.paramcd,
        list(
            case
                when not list_contains(s.item_nos, i.item_no) then 0
                when list_contains(s.reverse_nos, i.item_no) then -1
                else 1
            end::double
            order by i.item_no
        ) as signs,
        list(list_contains(s.item_nos, i.item_no)::integer::double order by i.item_no) as members,
        list(case when list_contains(s.reverse_nos, i.item_no) then i.item_min + i.item_max else 0 end::double order by i.item_no)
            as shifts,
    from ref.scale as s
    inner join ref.item as i on s.instrument = i.instrument
    where len(s.item_nos) > 0
    group by s.instrument, s.paramcd
)

select
    (row_number() over (order by s.instrument, s.scale_no))::integer as scale_id,
    s.instrument,
    s.paramcd,
    s.param,
    s.scale_no,
    s.method = 'mean' as is_mean,
    s.parts,
    s.scale_min,
    s.scale_max,
    s.higher_is_worse,
    case s.missing when 'prorate' then s.max_missing_pct else 0 end as max_missing_pct,
    s.n_items,
    w.signs,
    w.members,
    case when len(s.reverse_nos) > 0 then w.shifts end as shifts,
from ref.scale as s
left join weighted as w on s.instrument = w.instrument and s.paramcd = w.paramcd
