-- core.row_shift: whether answers and ratings look moved by a row, from some row of the file to its end
-- Grain: unit, study, site, instrument, source_file, way
-- Reads: core.row_edge
-- Why:   a column or block pasted a row too low gives each participant's first row the last answers of the participant above: it lies as
--        near to the row above as two rows of one person do, and the row below lies as far as two persons do. Totals move along, so
--        that nothing else shows it. way: down, or up. nearness: sum over participants, from the row on that says most, of how much
--        farther (log of the ratio of squared distances) the own row lies than the other participant's; where rows are in order the
--        sum goes down. across: to the other participant's row; own: to the participant's own; inside: of two rows on the other side.
--        person_ratio: how much farther rows of two participants lie apart than those of one: where people do not differ, nothing
--        can be told.
with eachway as (
    select
        unit, study, site, instrument, source_file, first_n, source_row, is_in_order, n_answers, across, within, between_two,
        'down' as way, below as own, above as inside,
    from core.row_edge
    union all
    select
        unit, study, site, instrument, source_file, first_n, source_row, is_in_order, n_answers, across, within, between_two,
        'up' as way, above as own, below as inside,
    from core.row_edge
),
told as (
    -- two rows that are alike do not count without end
    select
        unit, study, site, instrument, source_file, first_n, source_row, is_in_order, n_answers, across, way, own, inside,
        greatest(0.02 * (avg(own + inside) over of_file), 1e-6) as least,
        count(*) over of_file as n_all_edges,
        sum(between_two) over of_file / nullif(sum(within) over of_file, 0) as person_ratio,
        greatest(-2.5, least(2.5, ln((own + least) / (across + least)))) - 0.1 as nearer,
    from eachway
    where own + inside + across > 0
    window of_file as (partition by unit, study, site, instrument, source_file, way)
),
summed as (
    select
        unit, study, site, instrument, source_file, first_n, source_row, is_in_order, n_answers, way, n_all_edges, person_ratio,
        round(sum(nearer) over to_end, 6) as nearness,
        avg(across) over to_end as usual_across,
        avg(own) over to_end as usual_own,
        avg(inside) over to_end as usual_inside,
        count(*) over to_end as n_edges,
    from told
    window to_end as (
        partition by unit, study, site, instrument, source_file, way order by first_n rows between current row and unbounded following
    )
)

select
    s.unit, s.study, s.site, s.instrument, s.way,
    null::varchar as subject_id,
    s.site || '|' || s.instrument as record_key,
    s.source_file,
    s.source_row,
    s.is_in_order, s.n_answers, s.nearness, s.usual_across, s.usual_own, s.usual_inside, s.person_ratio, s.n_edges, s.n_all_edges,
from summed as s
qualify row_number() over (partition by s.unit, s.study, s.site, s.instrument, s.source_file, s.way order by s.nearness desc, s.first_n) = 1
