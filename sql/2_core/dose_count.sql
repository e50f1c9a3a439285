-- core.dose_count: the place of each dose in the participant's course: sequence, ordinal, days since the last one taken
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose, core.loose_dose
-- Why:   doses taken are counted by session, then date, then time; a dose whose clock time is unknown still counts on its
--        date (a PRE capsule then stands first, a POST capsule last). A PRE capsule without a date stands before the POST capsule of
--        its session, a dose without a session after the last session dosed up to its date. Intervals are site-local calendar days.
--        Where a record that may be a taken dose, or a dose with neither session nor date, could stand before a dose (between it and
--        the last one), its ordinal (its interval) is in doubt.
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
        coalesce(d.dosed_on is null and d.time_point = 'PRE' and d.session_no is not null, false)
        and coalesce(bool_or(d.taken and d.time_point = 'POST') over (partition by d.study, d.site, d.subject_id, d.session_no), false)
            as is_ahead,
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
        p.session_no,
        p.time_point,
        p.dosed_on,
        row_number() over course as dose_no,
        lag(p.session_no) over course as last_session_no,
        lag(p.time_point) over course as last_time_point,
        lag(p.dosed_on) over course as last_on,
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
            order by p.session_place, p.is_ahead desc, p.dosed_on nulls last, p.moment_place nulls last, p.dose_seq
        )
),
doubtful as (
    -- in quarantine the session number may be what is wrong: where there is a day, that decides
    select study, site, subject_id, time_point, dosed_on, case when is_kept or dosed_on is null then session_no end as session_no,
    from core.loose_dose
    where not is_kept or taken is null or (session_no is null and dosed_on is null)
),
in_doubt as (
    select
        t.row_id,
        bool_or(
            coalesce(
                case
                    when q.session_no <> t.last_session_no then q.session_no > t.last_session_no
                    when q.session_no = t.last_session_no and q.time_point <> t.last_time_point then q.time_point = 'POST'
                    else q.dosed_on >= t.last_on
                end,
                true
            )
        ) as is_interval_in_doubt,
    from taken as t
    inner join doubtful as q on t.study = q.study and t.site = q.site and t.subject_id = q.subject_id
    where
        -- sessions decide, then the time points of one session, then days; what is not known may be
        case
            when q.session_no <> t.session_no then q.session_no < t.session_no
            when q.session_no = t.session_no and q.time_point <> t.time_point then q.time_point = 'PRE'
            else coalesce(q.dosed_on <= t.dosed_on, true)
        end
    group by t.row_id
)

select
    p.study,
    p.site,
    p.subject_id,
    p.dose_seq::integer as dose_seq,
    p.row_id,
    t.dose_no::integer as dose_no,
    q.row_id is not null as is_dose_no_in_doubt,
    case when q.is_interval_in_doubt is not true then t.days_since_previous end::integer as days_since_previous,
    t.nth_of_time_point::integer as nth_of_time_point,
from placed as p
left join taken as t on p.row_id = t.row_id
left join in_doubt as q on p.row_id = q.row_id
