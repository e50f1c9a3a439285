-- staging.loose_row: source rows that reached no intake table, as the reader and the mapping tell of them
-- Grain: row_id
-- Reads: mapped.loose_row
-- Why:   a row that was cut, ragged or claimed by no table must end in quarantine, not in nothing
select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.table_name,
    m.fault,
    m.detail,
from mapped.loose_row as m
