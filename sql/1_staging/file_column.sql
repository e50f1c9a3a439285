-- staging.file_column: the columns of every file, and whether any table reads them
-- Grain: unit, study, site, source_file, file_name, column_name
-- Reads: mapped.file_column
-- Why:   a column that nothing reads may be one that was renamed: it is told
select
    m.unit,
    m.study,
    m.site,
    m.file_name,
    m.source_file,
    m.column_name,
    m.file_name || '|' || m.column_name as record_key,
    bool_or(m.used) as used,
from mapped.file_column as m
group by all
