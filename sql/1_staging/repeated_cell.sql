-- staging.repeated_cell: rows of long tables that say what an earlier row has said already
-- Grain: unit, source_file, source_row, table_name
-- Reads: mapped.repeated_cell
-- Why:   many source rows become one record, so that a repeated one is no row of its own that could be set aside; it is told
select m.unit, m.study, m.site, m.source_file, m.source_row, m.record_key, m.table_name,
from mapped.repeated_cell as m
