-- core.row_edge: how far answers and ratings lie apart where the rows of one participant end and those of the next begin
-- Grain: unit, study, site, instrument, source_file, first_n; only of files that name most participants in rows one below the other
-- Reads: core.form, intake.rating, ref.evidence
-- Why:   squared distances of the rows beside an edge: across it, of the two rows below, of the two above; away from it, where a row
--        moved does not matter, of two rows of one participant (within) and of two participants (between_two). A row of somebody
--        else's among a participant's, or a participant's that stands elsewhere, is no edge. first_n: the row under the edge.
--        is_in_order: a participant's rows go on, or back, in time (a file sorted by the visit's name puts the follow-up beside the baseline).
with line as (
    select unit, study, site, instrument, source_file, source_row, form_id as line_id, false as is_rating, subject_id,
        date_diff('day', date '1900-01-01', assessed_on) as place,
    from core.form
    where n_answered = n_items
    union all
    select unit, study, site, 'SUDS', source_file, source_row, row_id, true, subject_id, session_no,
    from intake.rating
    where begin_suds is not null and peak_suds is not null and end_suds is not null
),
placed as (
    select
        unit, study, site, instrument, source_file, source_row, line_id, is_rating, subject_id, row_number() over of_file as n,
        coalesce(subject_id <> lag(subject_id) over of_file, true) as is_another,
        case when subject_id = lag(subject_id) over of_file then place - lag(place) over of_file end as step,
    from line
    window of_file as (partition by unit, study, site, instrument, source_file order by source_row, line_id)
),
file as (
    select
        unit, study, site, instrument, source_file, count(*) as n_rows,
        count(*) filter (step > 0) as n_later, count(*) filter (step < 0) as n_earlier,
    from placed
    group by unit, study, site, instrument, source_file
),
block as (
    -- rows of one participant one below the other, and those above
    select
        p.unit, p.study, p.site, p.instrument, p.source_file, p.subject_id, p.n as first_n,
        coalesce(lead(p.n) over of_file, f.n_rows + 1) - p.n as n_lines,
        lag(p.n) over of_file as above_first_n,
        100 * least(f.n_later, f.n_earlier)
        <= (select e.row_shift_unordered_pct_max from ref.evidence as e) * (f.n_later + f.n_earlier) as is_in_order,
    from placed as p
    inner join file as f
        on p.unit = f.unit and p.study = f.study and p.site = f.site and p.instrument = f.instrument and p.source_file = f.source_file
    where p.is_another
    window of_file as (partition by p.unit, p.study, p.site, p.instrument, p.source_file order by p.n)
),
orderly as (
    -- a file sorted by visit has many blocks a participant
    select unit, study, site, instrument, source_file,
    from block
    group by unit, study, site, instrument, source_file
    having count(*) filter (n_lines > 1) <= any_value((select e.row_shift_blocks_max from ref.evidence as e)) * count(distinct subject_id)
        and count(distinct subject_id) > any_value((select e.row_shift_min_participants from ref.evidence as e))
),
edge as (
    -- two participants one below the other, each with a row of its own beside the edge
    select
        b.unit, b.study, b.site, b.instrument, b.source_file, b.first_n,
        b.first_n - b.above_first_n > 3 and b.n_lines > 3 as has_middle, b.is_in_order,
        unnest([b.first_n - 2, b.first_n - 1, b.first_n, b.first_n + 1, b.first_n + 2, b.above_first_n + 1]) as n,
        unnest(['before_last', 'last', 'first', 'second', 'third', 'other_second']) as role,
    from block as b
    semi join orderly as o
        on b.unit = o.unit and b.study = o.study and b.site = o.site and b.instrument = o.instrument and b.source_file = o.source_file
    where b.first_n - b.above_first_n > 1 and b.n_lines > 1
),
beside as (
    select
        e.unit, e.study, e.site, e.instrument, e.source_file, e.first_n, e.role, e.is_in_order, p.source_row, p.line_id, p.is_rating,
    from edge as e
    inner join placed as p
        on e.unit = p.unit and e.study = p.study and e.site = p.site and e.instrument = p.instrument and e.source_file = p.source_file
        and e.n = p.n
    where e.has_middle or e.role not in ('third', 'other_second')
),
answered as (
    select
        b.unit, b.study, b.site, b.instrument, b.source_file, b.first_n, b.role, b.is_in_order, b.source_row,
        f.item_values as answers,
    from beside as b
    inner join core.form as f on b.line_id = f.form_id
    where not b.is_rating
    union all
    select
        b.unit, b.study, b.site, b.instrument, b.source_file, b.first_n, b.role, b.is_in_order, b.source_row,
        [r.begin_suds::double, r.peak_suds::double, r.end_suds::double],
    from beside as b
    inner join intake.rating as r on b.line_id = r.row_id
    where b.is_rating
),
side as (
    -- list_distance refuses a list in whose memory any null lies: these are copies
    select
        unit, study, site, instrument, source_file, first_n, is_in_order,
        max(source_row) filter (role = 'first') as source_row,
        any_value(answers) filter (role = 'before_last') as before_last,
        any_value(answers) filter (role = 'last') as last,
        any_value(answers) filter (role = 'first') as first,
        any_value(answers) filter (role = 'second') as second,
        any_value(answers) filter (role = 'third') as third,
        any_value(answers) filter (role = 'other_second') as other_second,
    from answered
    group by unit, study, site, instrument, source_file, first_n, is_in_order
)

select
    unit, study, site, instrument, source_file, first_n, source_row, is_in_order,
    len(first) as n_answers,
    list_distance(last, first) ^ 2 as across,
    list_distance(first, second) ^ 2 as below,
    list_distance(last, before_last) ^ 2 as above,
    list_distance(second, third) ^ 2 as within,
    list_distance(second, other_second) ^ 2 as between_two,
from side
