-- core.table_end: how many participants stand behind the last one of whom a site's medications, or events, tell
-- Grain: study, site, table_name; only tables in the order of participants, of one file
-- Reads: core.subject, core.session, intake.medication, intake.adverse_event, ref.trial
-- Why:   a file that was cut at the end of a row looks whole, and who is behind the cut then takes nothing and has no complaints.
--        Records that are spread over the participants by chance leave so many without any behind the last one rarely (by_chance).
--        Only participants who have had half of the sessions count: of newer ones nothing may be entered yet
with far as (
    select s.unit, s.study, s.site, s.subject_id,
    from core.subject as s
    inner join ref.trial as t on s.study = t.study
    inner join core.session as v on s.unit = v.unit and s.study = v.study and s.site = v.site and s.subject_id = v.subject_id
    where v.attended
    group by s.unit, s.study, s.site, s.subject_id
    having 2 * count(*) >= any_value(t.n_sessions)
),
sent as (
    select 'medication' as table_name, unit, study, site, subject_id, source_file, source_row, row_id,
    from intake.medication
    union all
    select 'adverse_event', unit, study, site, subject_id, source_file, source_row, row_id,
    from intake.adverse_event
),
placed as (
    select
        table_name, unit, study, site, subject_id, source_file,
        lag(subject_id) over of_table as subject_before,
    from sent
    window of_table as (partition by unit, table_name, study, site order by source_row, row_id)
),
ended as (
    select table_name, unit, study, site, any_value(source_file) as source_file, max(subject_id) as last_subject_id,
    from placed
    group by table_name, unit, study, site
    having bool_and(subject_id >= subject_before) and count(distinct source_file) = 1
),
told as (
    select distinct table_name, unit, study, site, subject_id,
    from placed
),
counted as (
    select
        e.table_name, e.unit, e.study, e.site, e.source_file,
        count(*) as n,
        count(*) filter (p.subject_id is not null) as n_with,
        count(*) filter (f.subject_id > e.last_subject_id) as n_behind,
    from ended as e
    inner join far as f on e.unit = f.unit and e.study = f.study and e.site = f.site
    left join told as p
        on e.table_name = p.table_name and f.unit = p.unit and f.study = p.study and f.site = p.site and f.subject_id = p.subject_id
    group by e.table_name, e.unit, e.study, e.site, e.source_file
)

select
    unit, study, site,
    null::varchar as subject_id,
    table_name,
    n, n_with, n_behind,
    -- n_with of n drawn, none of the last n_behind
    exp(lgamma(n - n_behind + 1) - lgamma(n - n_behind - n_with + 1) - lgamma(n + 1) + lgamma(n - n_with + 1)) as by_chance,
    table_name as record_key,
    source_file,
    null::bigint as source_row,
from counted
where n_with > 0 and n_behind > 0
