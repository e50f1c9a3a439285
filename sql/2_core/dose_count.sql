-- core.dose_count: the place of each dose in the participant's course: sequence, ordinal, days since the last one taken
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose
-- Why:   doses taken are counted by session, then date, then time; a dose whose clock time is unknown still counts on its
--        date (a PRE capsule then stands first, a POST capsule last). One without a session stands after the last session
--        dosed up to its date. Intervals are site-local calendar days.
with placed as (
    select
        d.study,
        d.site,
        d.subject_id,
        d.row_id,
        d.session_no,
        d.time_point,
        d.taken,
        d.dosed_on,
        coalesce(
            d.session_no,
            max(case when d.taken then d.session_no end) over (
                partition by d.study, d.site, d.subject_id
                order by d.dosed_on nulls last
                range between unbounded preceding and current row
            ),
            0
        ) as session_place,
        coalesce(
            d.dosed_at_utc,
            case when d.time_point = 'POST' then d.dosed_on + interval 2 day else d.dosed_on - interval 1 day end::timestamptz
        ) as moment_place,
        row_number() over (
            partition by d.study, d.site, d.subject_id
            order by d.dosed_on nulls last, d.dosed_at_utc nulls last, d.session_no nulls last, d.source_row, d.row_id
        ) as dose_seq,
    from core.dose as d
),
taken as (
    select
        p.study,
        p.site,
        p.subject_id,
        p.row_id,
        row_number() over course as dose_no,
        date_diff('day', lag(p.dosed_on) over course, p.dosed_on) as days_since_previous,
        case
            when p.session_no is not null and p.time_point is not null
                then row_number() over (
                    partition by p.study, p.site, p.subject_id, p.session_no, p.time_point
                    order by p.dosed_on nulls last, p.moment_place nulls last, p.dose_seq
                )
        end as nth_of_time_point,
    from placed as p
    where p.taken
    window
        course as (
            partition by p.study, p.site, p.subject_id
            order by p.session_place, p.dosed_on nulls last, p.moment_place nulls last, p.dose_seq
        )
)

select
    p.study,
    p.site,
    p.subject_id,
    p.dose_seq::integer as dose_seq,
    p.row_id,
    t.dose_no::integer as dose_no,
    t.days_since_previous::integer as days_since_previous,
    t.nth_of_time_point::integer as nth_of_time_point,
from placed as p
left join taken as t on p.row_id = t.row_id
