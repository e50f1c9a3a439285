-- core.scale_weight: each scale of items as three rows of numbers, one a place in the list of items
-- Grain: instrument, paramcd
-- Reads: ref.scale, ref.item
-- Why:   a score is then two dot products: answers times sign plus answered times shift. A reversed item has sign -1 and
--        shift minimum + maximum; an item that is not of the scale has 0. Far cheaper than picking items out of lists
select
    s.instrument,
    s.paramcd,
    s.scale_no,
    s.method,
    s.missing,
    s.max_missing_pct,
    s.n_items,
    list(case when not list_contains(s.item_nos, i.item_no) then 0.0 when list_contains(s.reverse_nos, i.item_no) then -1.0 else 1.0 end
        order by i.item_no)::double[] as signs,
    list(list_contains(s.item_nos, i.item_no)::integer order by i.item_no)::double[] as members,
    case
        when len(s.reverse_nos) > 0
            then list(case when list_contains(s.reverse_nos, i.item_no) then i.item_min + i.item_max else 0.0 end order by i.item_no)
    end::double[] as shifts,
from ref.scale as s
inner join ref.item as i on s.instrument = i.instrument
where len(s.item_nos) > 0
group by s.instrument, s.paramcd, s.scale_no, s.method, s.missing, s.max_missing_pct, s.n_items, s.item_nos, s.reverse_nos
