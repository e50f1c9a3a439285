-- core.session_exercise: whether the numbers of a session's exercises tell which was the first, the last and the worst
-- Grain: study, site, subject_id, session_no
-- Reads: staging.rating, intake.rating, ref.evidence
-- Why:   exercises are numbered 1, 2, 3 ... in the order they were done. Of n exercises whose numbers are others, one number may
--        be a slip: the first is known only if there is a number 1, the last only if all but the highest are 1 to n - 1 (then
--        the slip, if it is one, is the last). An exercise in quarantine may have been the last or the worst of its session, and
--        the first unless its number is above 1 and number 1 is there; one without a usable session number, of any session of the
--        participant that lacks an exercise of its number.
--        numbers and the record are null of a session that is numbered as it should be. n_short: how many of the site's n_sessions have
--        fewer exercises than nearly all others; only given of those
with held as (
    -- nearly all are numbered 1 to n, each number once: only the others are looked at one by one
    select
        unit, study, site, subject_id, session_no,
        count(*)::integer as n_exercises,
        min(exercise_no) as lowest,
        max(exercise_no) = count(*)
        and bit_count(bit_or(case when exercise_no between 1 and 60 then 1::bigint << exercise_no end)) = count(*) as is_numbered,
    from intake.rating
    group by unit, study, site, subject_id, session_no
),
usual as (
    select unit, study, site, arg_max(n_exercises, n_alike) as usual_no, sum(n_alike)::bigint as n_sessions, max(n_alike) as n_usual,
    from (select unit, study, site, n_exercises, count(*) as n_alike, from held group by unit, study, site, n_exercises) as n
    group by unit, study, site
),
short as (
    select h.unit, h.study, h.site, h.subject_id, h.session_no, u.n_sessions, count(*) over (partition by h.unit, h.study, h.site) as n_short,
    from held as h
    cross join ref.evidence as e
    inner join usual as u on h.unit = u.unit and h.study = u.study and h.site = u.site
    where h.n_exercises < u.usual_no and u.n_sessions >= e.exercise_min_sessions and 100 * u.n_usual >= e.exercise_usual_pct * u.n_sessions
),
shortened as (
    select
        s.unit, s.study, s.site, s.subject_id, s.session_no, any_value(s.n_sessions) as n_sessions, any_value(s.n_short) as n_short,
        arg_max(r.record_key, r.exercise_no) as record_key, arg_max(r.source_file, r.exercise_no) as source_file, arg_max(r.source_row, r.exercise_no) as source_row,
    from short as s
    inner join intake.rating as r
        on s.unit = r.unit and s.study = r.study and s.site = r.site and s.subject_id = r.subject_id and s.session_no = r.session_no
    group by s.unit, s.study, s.site, s.subject_id, s.session_no
),
numbered as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.exercise_no, h.n_exercises, r.record_key, r.source_file, r.source_row,
        row_number() over (partition by r.unit, r.study, r.site, r.subject_id, r.session_no order by r.exercise_no, r.row_id) as place,
    from intake.rating as r
    inner join held as h
        on r.unit = h.unit and r.study = h.study and r.site = h.site and r.subject_id = h.subject_id and r.session_no = h.session_no
    where h.is_numbered is not true
),
odd as (
    select
        n.unit, n.study, n.site, n.subject_id, n.session_no,
        bool_and(n.exercise_no = n.place) as is_numbered,
        coalesce(bool_and(n.exercise_no = n.place) filter (n.place < n.n_exercises), true) as has_all_but_last,
        list(n.exercise_no order by n.place) as numbers,
        -- the highest number is the odd one, or follows the gap
        arg_max(n.record_key, n.place) as record_key,
        arg_max(n.source_file, n.place) as source_file,
        arg_max(n.source_row, n.place) as source_row,
    from numbered as n
    group by n.unit, n.study, n.site, n.subject_id, n.session_no
),
course as (
    select
        h.unit, h.study, h.site, h.subject_id, h.session_no, h.n_exercises,
        coalesce(o.is_numbered, true) as is_numbered,
        h.lowest = 1 as has_first,
        coalesce(o.has_all_but_last, true) as has_all_but_last,
        o.numbers, o.record_key, o.source_file, o.source_row,
    from held as h
    left join odd as o
        on h.unit = o.unit and h.study = o.study and h.site = o.site and h.subject_id = o.subject_id and h.session_no = o.session_no
),
set_aside as (
    select q.study, q.site, q.subject_id, q.session_no, q.exercise_no, q.session_no between 1 and q.n_sessions as is_session_known,
    from staging.rating as q
    anti join intake.rating as k on q.row_id = k.row_id
    where q.subject_id is not null and q.dup_kind is distinct from 'same' and q.dup_kind is distinct from 'superseded'
),
doubted as (
    select
        c.study, c.site, c.subject_id, c.session_no,
        bool_or(q.is_session_known and (q.exercise_no > 1) is not true) is true as is_first,
    from course as c
    inner join set_aside as q on c.study = q.study and c.site = q.site and c.subject_id = q.subject_id
    where
        (q.is_session_known and q.session_no = c.session_no)
        or (q.is_session_known is not true and q.exercise_no <= c.n_exercises + 1
            and not coalesce(list_contains(c.numbers, q.exercise_no), q.exercise_no between 1 and c.n_exercises))
    group by all
)

select
    c.unit,
    c.study,
    c.site,
    c.subject_id,
    c.session_no,
    -- what is in quarantine has its own finding, and may be what is missing
    case when d.subject_id is null then c.is_numbered end as is_numbered,
    c.has_first and d.is_first is not true as is_begin_told,
    c.has_all_but_last and d.subject_id is null as is_end_told,
    d.subject_id is null as is_peak_told,
    array_to_string(c.numbers, ', ') as numbers,
    s.n_sessions,
    s.n_short,
    coalesce(c.record_key, s.record_key) as record_key,
    coalesce(c.source_file, s.source_file) as source_file,
    coalesce(c.source_row, s.source_row) as source_row,
from course as c
left join shortened as s
    on c.unit = s.unit and c.study = s.study and c.site = s.site and c.subject_id = s.subject_id and c.session_no = s.session_no
left join doubted as d
    on c.study = d.study and c.site = d.site and c.subject_id = d.subject_id and c.session_no = d.session_no
