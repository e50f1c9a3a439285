-- core.dose_amount: whether each amount a participant took is the one taken otherwise
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose_timing
-- Why:   an arm has one amount, but a trial may have several: ten times too much can be another arm's dose, and the arm is hidden.
--        Of several amounts the one of more than half of the doses is the usual one; of two doses that differ neither is
select
    d.unit,
    d.study,
    d.site,
    d.subject_id,
    d.dose_seq,
    2 * count(*) over (partition by d.study, d.site, d.subject_id, d.dose_mg)
    > count(*) over (partition by d.study, d.site, d.subject_id) as is_usual,
    d.dose_mg_raw,
    d.record_key,
    d.source_file,
    d.source_row,
from core.dose_timing as d
where d.taken and d.dose_mg is not null
