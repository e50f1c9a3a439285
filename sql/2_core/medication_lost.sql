-- core.medication_lost: participants with a medication row in quarantine
-- Grain: study, site, subject_id
-- Reads: staging.medication, intake.medication
-- Why:   what such a row would have said is not known, so it may be any drug on any day. A row that is there again (repeated, or
--        superseded by a later delivery) has said it already
select distinct s.study, s.site, s.subject_id,
from staging.medication as s
anti join intake.medication as i on s.row_id = i.row_id
where s.subject_id is not null and coalesce(s.dup_kind, 'conflict') = 'conflict'
