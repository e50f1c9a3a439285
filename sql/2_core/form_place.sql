-- core.form_place: forms of the primary outcome that do not fit their own place, but that of another form, which fits theirs
-- Grain: form_id
-- Reads: core.score_jump, core.form, ref.evidence
-- Why:   two forms that were typed under each other's participant, or visit, both lie off their course, the one too high, the other too
--        low, and each lies where the other is due (the middle of the forms before and after it). By chance two forms of many may; their
--        answers then still go with the forms around their own place. closer: by how much of their squared distance to the forms around
--        their own places both are nearer to those around each other's. other_row: the row of the form that it fits best in exchange with
with usual as (
    select j.study, j.site, greatest(any_value(e.exchanged_error_min), 1.4826 * median(abs(j.off_course))) as error,
    from core.score_jump as j
    cross join ref.evidence as e
    group by j.study, j.site
    having count(j.off_course) >= any_value(e.exchanged_min_forms)
),
suspect as materialized (
    select
        j.study, j.site, j.subject_id, j.form_id, j.visit_order, j.before_id, j.after_id, j.pomp, j.off_course, u.error,
        j.pomp - j.off_course as due,
    from core.score_jump as j
    inner join usual as u on j.study = u.study and j.site = u.site
    cross join ref.evidence as e
    where abs(j.off_course) >= e.exchanged_off_errors * u.error
),
pair as materialized (
    select
        a.form_id, b.form_id as other_id, a.subject_id = b.subject_id as is_own,
        greatest(abs(b.pomp - a.due), abs(a.pomp - b.due)) as misfit,
    from suspect as a
    inner join suspect as b on a.study = b.study and a.site = b.site and a.form_id <> b.form_id
    cross join ref.evidence as e
    where
        a.off_course * b.off_course < 0
        and abs(b.pomp - a.due) <= e.exchanged_near_errors * a.error
        and abs(a.pomp - b.due) <= e.exchanged_near_errors * b.error
        and (
            (a.subject_id <> b.subject_id and a.visit_order = b.visit_order)
            or (a.subject_id = b.subject_id and b.form_id is distinct from a.before_id and b.form_id is distinct from a.after_id)
        )
),
around as (
    select distinct s.form_id, unnest([s.before_id, s.after_id]) as near_id,
    from suspect as s
    semi join pair as p on s.form_id = p.form_id
),
whole as materialized (
    -- list_distance refuses a list in whose memory any null lies
    select f.form_id, list_transform(f.item_values, lambda v: coalesce(v, 0)) as answers,
    from core.form as f
    cross join ref.evidence as e
    where
        f.n_items >= e.copied_min_answers and f.n_answered = f.n_items
        and (f.form_id in (select form_id from around) or f.form_id in (select near_id from around))
),
apart as (
    select
        p.form_id, p.other_id,
        avg(list_distance(x.answers, y.answers) ^ 2) filter (n.form_id = p.form_id) as own,
        avg(list_distance(x.answers, y.answers) ^ 2) filter (n.form_id = p.other_id) as crossed,
    from pair as p
    inner join around as n on p.form_id = n.form_id or p.other_id = n.form_id
    inner join whole as x on p.form_id = x.form_id
    inner join whole as y on n.near_id = y.form_id
    group by p.form_id, p.other_id
),
closer as (
    select
        p.form_id, p.other_id, p.is_own, p.misfit,
        round((a.own + b.own - a.crossed - b.crossed) / nullif(a.own + b.own, 0), 9) as closer,
    from pair as p
    inner join apart as a on p.form_id = a.form_id and p.other_id = a.other_id
    inner join apart as b on p.form_id = b.other_id and p.other_id = b.form_id
    qualify row_number() over (partition by p.form_id order by closer desc, p.misfit, p.other_id) = 1
)

select
    f.unit, f.study, f.site, f.subject_id, f.form_id, c.is_own, c.closer,
    o.source_row as other_row,
    f.record_key, f.source_file, f.source_row,
from closer as c
inner join core.form as f on c.form_id = f.form_id
inner join core.form as o on c.other_id = o.form_id
