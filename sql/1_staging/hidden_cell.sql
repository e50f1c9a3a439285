-- staging.hidden_cell: fields of records that the form did not show, blank or filled
-- Grain: unit, source_file, source_row, table_name, record_key, field
-- Reads: mapped.hidden_cell
-- Why:   a blank there is no missing answer, and a value there contradicts the form's own logic
select
    m.unit, m.study, m.site, m.subject_id, m.record_key, m.source_file, m.source_row, m.table_name, m.field, m.column_name, m.filled,
from mapped.hidden_cell as m
