-- staging.wide_file: sets of cells that lie side by side in a wide file, and which wanted ones have no column
-- Grain: unit, study, site, source_file, file_name, table_name, instrument, slot
-- Reads: mapped.wide_file
-- Why:   a questionnaire item or a cell whose column was taken out or renamed is missing for everybody, and must be told once
select
    m.unit,
    m.study,
    m.site,
    m.file_name,
    m.source_file,
    m.table_name,
    m.instrument,
    m.slot,
    concat_ws('|', m.file_name, m.instrument, nullif(m.slot, '')) as record_key,
    m.n_wanted,
    len(m.missing)::integer as n_missing,
    array_to_string(m.missing[:12], ', ') || case when len(m.missing) > 12 then ' ...' else '' end as missing_names,
from mapped.wide_file as m
