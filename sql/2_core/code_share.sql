-- core.code_share: how many of the codes of each coded column of a site its mapping does not know
-- Grain: unit, study, site, of_table, field; only columns with such codes
-- Reads: intake.subject, intake.session, intake.dose, intake.medication, intake.adverse_event
-- Why:   a site that writes 0 and 1 where the mapping says 1 and 2 gives men who cannot be read, and women who are read as men. A few
--        unknown codes are slips; a fifth of a column is another code list, and what can be read may mean something else
with cell as (
    select unit, study, site, source_file, source_row, 'subject' as of_table, 'sex' as field, sex_raw as sent, sex_fault as fault,
    from intake.subject
    union all
    select unit, study, site, source_file, source_row, 'session', 'attended', attended_raw, attended_fault,
    from intake.session
    union all
    select
        unit, study, site, source_file, source_row, 'dose', unnest(['taken', 'time_point']), unnest([taken_raw, time_point_raw]),
        unnest([taken_fault, time_point_fault]),
    from intake.dose
    union all
    select unit, study, site, source_file, source_row, 'medication', 'ongoing', ongoing_raw, ongoing_fault,
    from intake.medication
    union all
    select
        unit, study, site, source_file, source_row, 'adverse_event', unnest(['severity', 'serious']), unnest([severity_raw, serious_raw]),
        unnest([severity_fault, serious_fault]),
    from intake.adverse_event
)

select
    unit, study, site, of_table, field,
    null::varchar as subject_id,
    site || '|' || of_table || '|' || field as record_key,
    count(*) filter (fault = 'unknown_code') as n_unknown,
    count(*) as n_sent,
    min_by(source_file, source_row) filter (fault = 'unknown_code') as source_file,
    min(source_row) filter (fault = 'unknown_code') as source_row,
from cell
where sent is not null
group by unit, study, site, of_table, field
having n_unknown > 0
