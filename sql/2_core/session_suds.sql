-- core.session_suds: fear over one session's exposure exercises, and whether the exposure succeeded
-- Grain: study, site, subject_id, session_no
-- Reads: staging.rating, intake.rating, core.session_exercise, core.subject, ref.trial
-- Why:   begin is the first rated exercise's begin and end the last one's end: when that very rating is missing, the value
--        is unknown and not borrowed from another exercise. Percentages are rounded to 1e-9 before they meet a criterion,
--        because 1-100 scales do not convert to binary fractions. NEUTRAL needs both ends and a criterion that was not met.
with exercise as (
    select
        r.study,
        r.site,
        r.subject_id,
        r.session_no,
        r.exercise_no,
        r.begin_suds,
        r.end_suds,
        greatest(r.begin_suds, r.peak_suds, r.end_suds) as highest_suds,
        coalesce(r.begin_suds_fault, r.peak_suds_fault, r.end_suds_fault) is not null as is_part_withheld,
    from intake.rating as r
    where
        coalesce(r.begin_suds, r.peak_suds, r.end_suds) is not null
        or coalesce(r.begin_suds_fault, r.peak_suds_fault, r.end_suds_fault) is not null
),
course as (
    select
        x.study,
        x.site,
        x.subject_id,
        x.session_no,
        count(*)::integer as n_exercises,
        bool_or(x.is_part_withheld) as is_part_withheld,
        arg_min_null(x.begin_suds, x.exercise_no) as suds_begin,
        case when not bool_or(x.is_part_withheld) then max(x.highest_suds) end as suds_peak,
        arg_max_null(x.end_suds, x.exercise_no) as suds_end,
    from exercise as x
    group by all
),
certain as (
    -- what the numbers of the exercises do not tell is unknown
    select
        c.study, c.site, c.subject_id, c.session_no,
        case when n.is_peak_told then c.n_exercises end as n_exercises,
        c.is_part_withheld or not (n.is_begin_told and n.is_end_told) as is_in_doubt,
        case when n.is_begin_told then c.suds_begin end as suds_begin,
        case when n.is_peak_told then c.suds_peak end as suds_peak,
        case when n.is_end_told then c.suds_end end as suds_end,
    from course as c
    inner join core.session_exercise as n
        on c.study = n.study and c.site = n.site and c.subject_id = n.subject_id and c.session_no = n.session_no
    union all
    -- all that was sent of the session is in quarantine
    select distinct q.study, q.site, q.subject_id, q.session_no, null::integer, true, null::double, null::double, null::double,
    from staging.rating as q
    anti join intake.rating as k on q.row_id = k.row_id
    anti join course as c
        on q.study = c.study and q.site = c.site and q.subject_id = c.subject_id and q.session_no = c.session_no
    where q.subject_known and q.session_no between 1 and q.n_sessions
        and q.dup_kind is distinct from 'same' and q.dup_kind is distinct from 'superseded'
),
judged as (
    select
        c.study,
        c.site,
        c.subject_id,
        c.session_no,
        c.n_exercises,
        c.is_in_doubt,
        c.suds_begin,
        c.suds_peak,
        c.suds_end,
        c.suds_begin - c.suds_end as reduction,
        case when c.suds_begin > 0 then 100 * (c.suds_begin - c.suds_end) / c.suds_begin end as reduction_pct,
        round(c.suds_end, 9) <= t.success_end_le as crit1,
        round(reduction_pct, 9) >= t.success_reduction_ge_pct as crit2,
        case t.success_decisive when 'end_le' then crit1 when 'reduction_ge_pct' then crit2 when 'both' then crit1 and crit2 end
            as is_success,
    from certain as c
    inner join ref.trial as t on c.study = t.study
)

select
    s.unit,
    j.study,
    j.site,
    j.subject_id,
    j.session_no,
    j.n_exercises,
    j.suds_begin,
    j.suds_peak,
    j.suds_end,
    j.reduction,
    j.reduction_pct,
    j.crit1,
    j.crit2,
    j.is_success,
    j.is_in_doubt,
    case
        when j.is_success then 'GOOD'
        when j.suds_end > j.suds_begin then 'BAD'
        when not j.is_success and j.suds_begin is not null and j.suds_end is not null then 'NEUTRAL'
        else 'UNKNOWN'
    end as outcome,
from judged as j
inner join core.subject as s on j.study = s.study and j.site = s.site and j.subject_id = s.subject_id
