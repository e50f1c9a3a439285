-- staging.file_note: what a reader found doubtful about a file as a whole, or remarks of it
-- Grain: unit, source_file, file_name, note
-- Reads: mapped.file_note
-- Why:   a guessed encoding or a last line that may be cut belongs to no row, and must be told all the same;
--        rows that Excel hides are data like others, and somebody may have hidden them to take them out
select distinct
    m.unit, m.study, m.site, m.file_name, m.source_file, m.note, m.is_doubt, m.file_name || '|' || m.note as record_key,
from mapped.file_note as m
