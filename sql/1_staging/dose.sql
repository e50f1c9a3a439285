-- staging.dose: doses as mapped, wall clocks turned into UTC, repetitions marked
-- Grain: row_id
-- Reads: mapped.dose, mapped.disposition, intake.subject, ref.unit, ref.site, ref.trial, ref.local_time
-- Why:   a clock time sent without an offset means what the site's zone says of that day; a time that the spring change
--        skipped, or that the autumn change gave twice, means nothing certain and stays without an instant.
--        A date is the site's own date, also where the site writes another clock.
--        Where the record has a number of its own, a later delivery may have moved its time: the number tells it again.
with place as (
    -- latest_on: the last site-local date on which the export can have been made
    select
        h.unit,
        h.site,
        u.delivered_on,
        coalesce(s.timezone, u.timezone) as timezone,
        ((u.delivered_on + interval 1 day - interval 1 second)::timestamptz at time zone coalesce(s.timezone, u.timezone))::date
            as latest_on,
    from (select distinct unit, site from mapped.dose) as h
    inner join ref.unit as u on h.unit = u.unit
    left join ref.site as s on h.unit = s.unit and h.site = s.site
),
removed as (
    select distinct unit, study, site, subject_id
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
clocks as (
    select
        m.row_id,
        p.timezone,
        p.delivered_on,
        p.latest_on,
        coalesce(m.dosed_at_offset_s, case when z1.kind = 'normal' then z1.offset_s end)
            as dosed_at_shift_s,
        coalesce(
            m.dosed_at_fault,
            case z1.kind when 'gap' then 'nonexistent_local_time' when 'overlap' then 'ambiguous_local_time' end
        ) as dosed_at_trouble,
        case
            when dosed_at_trouble is null
                then make_timestamptz(epoch_us(m.dosed_at_local) - dosed_at_shift_s::bigint * 1000000)
        end as dosed_at_utc,
    from mapped.dose as m
    left join place as p on m.unit = p.unit and m.site = p.site
    asof left join ref.local_time as z1
        on p.timezone = z1.timezone
        and case when m.dosed_at_offset_s is null then m.dosed_at_local end >= z1.local_from
),
crowded as (
    -- hardly any row shares subject, session and time point with another: only those are compared further
    select unit, study, site, subject_id, session_no, time_point
    from mapped.dose
    where subject_id is not null
    group by all
    having count(*) > 1
),
keyed as (
    select
        m.row_id, m.unit, m.study, m.site, m.delivery_no, m.row_hash, m.subject_id, m.session_no, m.time_point, m.record_no,
        coalesce(
            strftime(m.dosed_at_local - to_seconds(coalesce(c.dosed_at_shift_s, 0)), '%Y%m%d%H%M%S%f'),
            case when c.dosed_at_trouble is not null then m.dosed_at_raw end,
            strftime(m.dosed_at_on, '%Y%m%d')
        ) as moment,
    from mapped.dose as m
    inner join clocks as c on m.row_id = c.row_id
    semi join crowded as r
        on m.unit = r.unit and m.study = r.study and m.site = r.site and m.subject_id = r.subject_id
        and m.session_no is not distinct from r.session_no and m.time_point is not distinct from r.time_point
),
rivals as (
    select
        k.row_id,
        case
            when k.delivery_no < max(k.delivery_no) over of_key or k.delivery_no < max(k.delivery_no) over of_record
                then 'superseded'
            when min(k.row_hash) over of_delivery <> max(k.row_hash) over of_delivery then 'conflict'
            when k.row_id > min(k.row_id) over of_delivery then 'same'
        end as dup_kind,
    from keyed as k
    window
        of_key as (partition by k.unit, k.study, k.site, k.subject_id, k.session_no, k.time_point, k.record_no, k.moment),
        of_record as (
            partition by k.unit, k.study, k.site, k.subject_id, k.session_no, k.time_point, k.record_no,
                case when k.record_no is null then k.row_id end
        ),
        of_delivery as (
            partition by k.unit, k.study, k.site, k.subject_id, k.session_no, k.time_point, k.record_no, k.moment, k.delivery_no
        )
)
select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw, m.subject_id_fault, m.subject_id_repair,
    m.session_no, m.session_no_raw, m.session_no_fault, m.session_no_repair,
    m.time_point, m.time_point_raw, m.time_point_fault, m.time_point_repair,
    m.record_no, m.record_no_raw, m.record_no_fault, m.record_no_repair,
    m.taken, m.taken_raw, m.taken_fault, m.taken_repair,
    -- 0 mg of a capsule that was not taken says the same thing twice
    case when m.taken is distinct from false or m.dose_mg > 0 then m.dose_mg end as dose_mg,
    m.dose_mg_raw, m.dose_mg_fault, m.dose_mg_repair,
    m.dose_as_recorded, m.dose_as_recorded_raw, m.dose_as_recorded_fault, m.dose_as_recorded_repair,
    c.dosed_at_utc, m.dosed_at_local,
    case
        when m.dosed_at_offset_s is null then m.dosed_at_on
        else coalesce((c.dosed_at_utc at time zone c.timezone)::date, m.dosed_at_on)
    end as dosed_at_on,
    m.dosed_at_part,
    c.dosed_at_shift_s as dosed_at_offset_s,
    m.dosed_at_raw, c.dosed_at_trouble as dosed_at_fault, m.dosed_at_repair,
    case
        when m.dosed_at_offset_s is null then m.dosed_at_local
        else c.dosed_at_utc at time zone c.timezone
    end as dosed_at_site,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    t.n_sessions,
    c.timezone,
    c.delivered_on,
    c.latest_on,
from mapped.dose as m
inner join clocks as c on m.row_id = c.row_id
left join ref.trial as t on m.study = t.study
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
