-- staging.dose: doses as mapped, wall clocks turned into UTC, repetitions marked
-- Grain: row_id
-- Reads: mapped.dose, mapped.disposition, intake.subject, ref.unit, ref.site, ref.trial, ref.local_time
-- Why:   a clock time sent without an offset means what the site's zone says of that day; a time that the spring change
--        skipped, or that the autumn change gave twice, means nothing certain and stays without an instant.
--        A date is the site's own date, also where the site writes another clock.
--        Where the record has a number of its own, a later delivery may have moved its time: the number tells it again.
-- Plan:  without build_side_probe_side (it builds its hash table of the longer side)
with removed as (
    select distinct unit, study, site, subject_id
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
clocks as (
    -- 2070: the last year that ref.local_time has stands for all that follow
    select
        m.row_id,
        coalesce(p.timezone, u.timezone) as timezone,
        u.delivered_on,
        coalesce(p.latest_on, u.latest_on) as latest_on,
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
    left join ref.unit as u on m.unit = u.unit
    left join ref.site as p on m.unit = p.unit and m.site = p.site
    left join ref.local_time as z1
        on coalesce(p.timezone, u.timezone) = z1.timezone
        and case when m.dosed_at_offset_s is null then least(year(m.dosed_at_local), 2070) end = z1.local_year
        and m.dosed_at_local >= z1.local_from and m.dosed_at_local < z1.local_to
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
repeated as (
    -- keys with several rows; newest_no: the last delivery that sends one
    select unit, study, site, subject_id, session_no, time_point, record_no, moment, min(row_id) as key_id, max(delivery_no) as newest_no,
    from keyed
    group by unit, study, site, subject_id, session_no, time_point, record_no, moment
    having count(*) > 1
),
renewed as (
    select unit, study, site, subject_id, session_no, time_point, record_no, max(delivery_no) as newest_no,
    from keyed
    where record_no is not null
    group by unit, study, site, subject_id, session_no, time_point, record_no
    having count(*) > 1
),
rival as (
    select k.row_id, k.delivery_no, k.row_hash, r.key_id, k.delivery_no < greatest(r.newest_no, n.newest_no) as is_superseded,
    from keyed as k
    left join repeated as r
        on k.unit = r.unit and k.study = r.study and k.site = r.site and k.subject_id = r.subject_id
        and k.session_no is not distinct from r.session_no and k.time_point is not distinct from r.time_point
        and k.record_no is not distinct from r.record_no and k.moment is not distinct from r.moment
    left join renewed as n
        on k.unit = n.unit and k.study = n.study and k.site = n.site and k.subject_id = n.subject_id
        and k.session_no is not distinct from n.session_no and k.time_point is not distinct from n.time_point
        and k.record_no = n.record_no
),
alike as (
    -- what one delivery sends of a key: its first row, and whether the others say something else
    select key_id, delivery_no, min(row_id) as first_id, min(row_hash) <> max(row_hash) as differs,
    from rival
    group by key_id, delivery_no
),
rivals as (
    select
        r.row_id,
        case when r.is_superseded then 'superseded' when a.differs then 'conflict' when r.row_id > a.first_id then 'same' end as dup_kind,
    from rival as r
    left join alike as a on r.key_id = a.key_id and r.delivery_no = a.delivery_no
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
