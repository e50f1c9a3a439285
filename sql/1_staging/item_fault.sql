-- staging.item_fault: cells of wide administrations that could not be used
-- Grain: row_id
-- Reads: mapped.item_fault, intake.form
-- Why:   told only of forms that are kept: what is wrong inside a row that is set aside is told by the row
select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.form_row_id,
    m.subject_id, m.subject_id_raw,
    m.instrument,
    m.visit, m.visit_raw,
    m.assessed_on,
    m.item,
    m.value_raw,
    m.value_fault,
    m.column_name,
from mapped.item_fault as m
semi join intake.form as f on m.form_row_id = f.row_id
