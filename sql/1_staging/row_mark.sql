-- staging.row_mark: rows and cells that a workbook strikes through, hides or comments on, or that a column takes back, by their record
-- Grain: unit, source_file, source_row, kind, columns, table_name, record_key
-- Reads: mapped.row_mark
-- Why:   somebody may have taken a row out by striking it through, hiding or flagging it, and a comment may say what the cell does not
select distinct
    m.unit, m.study, m.site, m.subject_id, m.record_key, m.source_file, m.source_row, m.table_name, m.kind,
    coalesce(m.columns, '') as columns, m.said,
from mapped.row_mark as m
