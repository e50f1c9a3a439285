-- core.dose: every dose with the session it belongs to, its planned time point, and whether the protocol plans it
-- Grain: study, site, subject_id, row_id
-- Reads: intake.dose, core.subject, core.session, ref.planned_dose, ref.arm_dose, ref.evidence
-- Why:   a dose sent without a session number is linked to the only attended session that starts within the evidence
--        file's hours after it, or that started at most so many hours before it; with none or several it stays unlinked
with near as (
    -- one whose clock time, or whose attendance, is not known may be the one: with another it makes two
    select
        d.row_id,
        count(*) as n_sessions_near,
        count(*) filter (v.attended and v.started_at_utc is not null) as n_certain,
        case when count(*) = 1 and n_certain = 1 then min(v.session_no) end as session_no,
    from intake.dose as d
    cross join ref.evidence as e
    inner join core.session as v on d.study = v.study and d.site = v.site and d.subject_id = v.subject_id
    where
        d.session_no is null
        and v.attended is distinct from false
        and case
            when v.started_at_utc is not null
                then (epoch_us(v.started_at_utc) - epoch_us(d.dosed_at_utc)) / 6e7 between -e.link_after_min and e.link_before_min
            when d.dosed_at_utc is not null
                then v.started_on between (d.dosed_at_site - to_seconds(e.link_after_min * 60))::date
                    and (d.dosed_at_site + to_seconds(e.link_before_min * 60))::date
        end
    group by d.row_id
),
plan as (
    -- a trial that plans one time point only need not say which on every row
    select study, case when count(distinct time_point) = 1 then min(time_point) end as only_time_point
    from ref.planned_dose
    group by study
),
session_plan as (
    select study, session_no, list(time_point order by time_point) as time_points
    from ref.planned_dose
    group by all
),
of_arms as (
    -- the amount is one of the trial's own, for this weight where it is known; the tolerance is for 0.07 g * 1000
    select distinct d.row_id
    from intake.dose as d
    inner join core.subject as s on d.study = s.study and d.site = s.site and d.subject_id = s.subject_id
    inner join ref.arm_dose as a on d.study = a.study and abs(d.dose_mg - a.dose_mg) < 1e-6
    where
        -- where the arm is known, only its own amounts are
        (s.arm is null or s.arm = a.arm)
        and (s.weight_kg is null or (s.weight_kg >= a.from_kg and (a.below_kg is null or s.weight_kg < a.below_kg)))
)

select
    d.unit,
    d.study,
    d.site,
    d.subject_id,
    s.usubjid,
    d.row_id,
    coalesce(d.session_no, n.session_no) as session_no,
    case
        when d.session_no is not null then 'SENT'
        when d.dosed_at_utc is null then 'NO_TIME'
        when coalesce(n.n_certain, 0) = 0 then 'NONE_NEAR'
        when n.n_sessions_near > 1 then 'SEVERAL_NEAR'
        else 'BY_TIME'
    end as link,
    -- a code that nobody knows is not the planned one
    case when d.time_point_fault is null then coalesce(d.time_point, p.only_time_point) end as time_point,
    case
        when coalesce(d.session_no, n.session_no) is null then null
        when q.time_points is null then false
        when d.time_point_fault is null then list_contains(q.time_points, coalesce(d.time_point, p.only_time_point, q.time_points[1]))
    end as is_planned,
    d.taken,
    case when d.taken is distinct from false then d.dose_mg end as dose_mg,
    case when d.taken is distinct from false and d.dose_mg is not null then o.row_id is not null end as is_of_arms,
    d.dose_as_recorded,
    d.dosed_at_utc,
    d.dosed_at_on as dosed_on,
    d.dosed_at_part as dosed_on_part,
    case when d.dosed_at_utc is not null then d.dosed_at_site end as dosed_at_site,
    d.dosed_at_fault,
    d.n_sessions,
    d.record_key,
    d.source_file,
    d.source_row,
    d.session_no_raw,
    d.dose_mg_raw,
    d.dosed_at_raw,
    d.taken_raw,
from intake.dose as d
inner join core.subject as s on d.unit = s.unit and d.study = s.study and d.site = s.site and d.subject_id = s.subject_id
left join near as n on d.row_id = n.row_id
left join plan as p on d.study = p.study
left join session_plan as q
    on d.study = q.study
    and coalesce(d.session_no, n.session_no) = q.session_no
left join of_arms as o on d.row_id = o.row_id
