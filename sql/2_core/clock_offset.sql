-- core.clock_offset: clock times sent with another distance from UTC than the site's zone has at that time
-- Grain: row_id, of_table; only such rows
-- Reads: intake.session, intake.dose, ref.local_time
-- Why:   -05:00 in June at a site in New York is an hour off, of session and dose alike, so that no lag shows it. UTC itself (Z, +00:00)
--        is how many systems keep time
with sent as (
    select
        unit, study, site, subject_id, row_id, record_key, source_file, source_row, 'session' as of_table, timezone,
        unnest([started_at_utc, exposure_started_at_utc, ended_at_utc]) as at_utc,
        unnest([started_at_local, exposure_started_at_local, ended_at_local]) as at_local,
        unnest([started_at_offset_s, exposure_started_at_offset_s, ended_at_offset_s]) as offset_s,
    from intake.session
    union all
    select
        unit, study, site, subject_id, row_id, record_key, source_file, source_row, 'dose', timezone,
        dosed_at_utc, dosed_at_local, dosed_at_offset_s,
    from intake.dose
),
doubted as (
    -- looked up in the zone's own rules, which takes long, is only what is not as most clocks show it; 2070: the last year there
    select
        s.unit, s.study, s.site, s.subject_id, s.row_id, s.record_key, s.source_file, s.source_row, s.of_table, s.timezone,
        s.at_utc, s.at_local,
    from sent as s
    anti join ref.local_time as z
        on s.timezone = z.timezone and least(year(s.at_local), 2070) = z.local_year
        and s.at_local >= z.local_from and s.at_local < z.local_to and z.kind = 'normal' and s.offset_s = z.offset_s
    where s.offset_s <> 0
)

select
    unit, study, site, subject_id, row_id, of_table, record_key, source_file, source_row,
    min((epoch(at_local) - epoch(at_utc at time zone timezone)) / 60)::integer as off_min,
from doubted
where at_local <> at_utc at time zone timezone
group by unit, study, site, subject_id, row_id, of_table, record_key, source_file, source_row
