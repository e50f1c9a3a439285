-- staging.session: sessions as mapped, wall clocks turned into UTC, repetitions marked
-- Grain: row_id
-- Reads: mapped.session, mapped.disposition, intake.subject, intake.disposition, ref.unit, ref.site, ref.trial, ref.local_time
-- Why:   a clock time sent without an offset means what the site's zone says of that day; a time that the spring change
--        skipped, or that the autumn change gave twice, means nothing certain and stays without an instant.
--        A date is the site's own date, also where the site writes another clock.
-- Plan:  without build_side_probe_side (it builds its hash table of the longer side)
with removed as (
    select distinct unit, study, site, subject_id,
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
),
repeated as (
    -- keys with several rows; newest_no: the last delivery that sends one
    select unit, study, site, subject_id, session_no, min(row_id) as key_id, max(delivery_no) as newest_no,
    from mapped.session
    where subject_id is not null and session_no is not null
    group by unit, study, site, subject_id, session_no
    having count(*) > 1
),
rival as (
    select m.row_id, m.delivery_no, m.row_hash, r.key_id, m.delivery_no < r.newest_no as is_superseded,
    from mapped.session as m
    inner join repeated as r
        on m.unit = r.unit and m.study = r.study and m.site = r.site
        and m.subject_id = r.subject_id and m.session_no = r.session_no
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
    inner join alike as a on r.key_id = a.key_id and r.delivery_no = a.delivery_no
),
clocks as (
    -- 2070: the last year that ref.local_time has stands for all that follow; a blank has no offset
    select
        m.row_id,
        coalesce(p.timezone, u.timezone) as timezone,
        u.delivered_on,
        coalesce(p.latest_on, u.latest_on) as latest_on,
        coalesce(m.started_at_offset_s, case when z1.kind = 'normal' and m.started_at_local is not null then z1.offset_s end)
            as started_at_shift_s,
        coalesce(
            m.started_at_fault,
            case z1.kind when 'gap' then 'nonexistent_local_time' when 'overlap' then 'ambiguous_local_time' end
        ) as started_at_trouble,
        case
            when started_at_trouble is null
                then make_timestamptz(epoch_us(m.started_at_local) - started_at_shift_s::bigint * 1000000)
        end as started_at_utc,
        coalesce(m.exposure_started_at_offset_s, case when z2.kind = 'normal' and m.exposure_started_at_local is not null then z2.offset_s end)
            as exposure_started_at_shift_s,
        coalesce(
            m.exposure_started_at_fault,
            case z2.kind when 'gap' then 'nonexistent_local_time' when 'overlap' then 'ambiguous_local_time' end
        ) as exposure_started_at_trouble,
        case
            when exposure_started_at_trouble is null
                then make_timestamptz(epoch_us(m.exposure_started_at_local) - exposure_started_at_shift_s::bigint * 1000000)
        end as exposure_started_at_utc,
        coalesce(m.ended_at_offset_s, case when z3.kind = 'normal' and m.ended_at_local is not null then z3.offset_s end)
            as ended_at_shift_s,
        coalesce(
            m.ended_at_fault,
            case z3.kind when 'gap' then 'nonexistent_local_time' when 'overlap' then 'ambiguous_local_time' end
        ) as ended_at_trouble,
        case
            when ended_at_trouble is null
                then make_timestamptz(epoch_us(m.ended_at_local) - ended_at_shift_s::bigint * 1000000)
        end as ended_at_utc,
    from mapped.session as m
    left join ref.unit as u on m.unit = u.unit
    left join ref.site as p on m.unit = p.unit and m.site = p.site
    left join ref.local_time as z1
        on coalesce(p.timezone, u.timezone) = z1.timezone
        and case when m.started_at_offset_s is null then least(year(m.started_at_local), 2070) end = z1.local_year
        and m.started_at_local >= z1.local_from and m.started_at_local < z1.local_to
    left join ref.local_time as z2
        on coalesce(p.timezone, u.timezone) = z2.timezone
        and case when m.exposure_started_at_offset_s is null then least(year(m.exposure_started_at_local), 2070) end = z2.local_year
        and m.exposure_started_at_local >= z2.local_from and m.exposure_started_at_local < z2.local_to
    left join ref.local_time as z3
        on coalesce(p.timezone, u.timezone) = z3.timezone
        and case when m.ended_at_offset_s is null then least(year(m.ended_at_local), 2070) end = z3.local_year
        and m.ended_at_local >= z3.local_from and m.ended_at_local < z3.local_to
)

select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw, m.subject_id_fault, m.subject_id_repair,
    m.session_no, m.session_no_raw, m.session_no_fault, m.session_no_repair,
    m.attended, m.attended_raw, m.attended_fault, m.attended_repair,
    c.started_at_utc, m.started_at_local,
    case
        when m.started_at_offset_s is null then m.started_at_on
        else coalesce((c.started_at_utc at time zone c.timezone)::date, m.started_at_on)
    end as started_at_on,
    c.started_at_shift_s as started_at_offset_s,
    m.started_at_raw, c.started_at_trouble as started_at_fault, m.started_at_repair,
    c.exposure_started_at_utc, m.exposure_started_at_local,
    case
        when m.exposure_started_at_offset_s is null then m.exposure_started_at_on
        else coalesce((c.exposure_started_at_utc at time zone c.timezone)::date, m.exposure_started_at_on)
    end as exposure_started_at_on,
    c.exposure_started_at_shift_s as exposure_started_at_offset_s,
    m.exposure_started_at_raw, c.exposure_started_at_trouble as exposure_started_at_fault, m.exposure_started_at_repair,
    c.ended_at_utc, m.ended_at_local,
    case
        when m.ended_at_offset_s is null then m.ended_at_on
        else coalesce((c.ended_at_utc at time zone c.timezone)::date, m.ended_at_on)
    end as ended_at_on,
    c.ended_at_shift_s as ended_at_offset_s,
    m.ended_at_raw, c.ended_at_trouble as ended_at_fault, m.ended_at_repair,
    -- the site's own clock
    case when m.started_at_offset_s is null then m.started_at_local else c.started_at_utc at time zone c.timezone end as started_at_site,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    s.consented_on,
    w.withdrawn_on,
    t.n_sessions,
    c.timezone,
    c.delivered_on,
    c.latest_on,
from mapped.session as m
inner join clocks as c on m.row_id = c.row_id
left join ref.trial as t on m.study = t.study
left join rivals as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
left join intake.disposition as w
    on m.unit = w.unit and m.study = w.study and m.site = w.site and m.subject_id = w.subject_id
