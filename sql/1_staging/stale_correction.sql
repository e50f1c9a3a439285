-- staging.stale_correction: known errors of the source that the site no longer sends as they were
-- Grain: unit, table_name, record_key, field
-- Reads: mapped.stale_correction
-- Why:   a correction whose text has changed is not applied, and a person must look at it again
select
    c.unit, c.study, c.site, c.table_name, c.record_key, c.field, c.is_there,
from mapped.stale_correction as c
