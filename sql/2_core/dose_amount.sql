-- core.dose_amount: whether each amount a participant took is the one taken otherwise; amounts of doses not taken
-- Grain: study, site, subject_id, dose_seq
-- Reads: core.dose_timing, intake.dose
-- Why:   an arm has one amount, but a trial may have several: ten times too much can be another arm's dose, and the arm is hidden.
--        Of several amounts the one of more than half of the doses is the usual one; of two doses that differ neither is. Some sites
--        write the planned amount of doses not taken, too: n_untaken_given of the site's n_untaken. Of a
--        session that was not held nothing is told
with untaken as (
    select
        d.unit, d.study, d.site, d.subject_id, d.dose_seq, i.dose_mg, d.dose_mg_raw, d.record_key, d.source_file, d.source_row,
        d.session_attended is not false as may_be_taken,
        count(*) over of_site as n_untaken,
        count(i.dose_mg) over of_site as n_untaken_given,
    from core.dose_timing as d
    inner join intake.dose as i on d.row_id = i.row_id
    where not d.taken
    window of_site as (partition by d.study, d.site)
)

select
    d.unit,
    d.study,
    d.site,
    d.subject_id,
    d.dose_seq,
    2 * count(*) over (partition by d.study, d.site, d.subject_id, d.dose_mg)
    > count(*) over (partition by d.study, d.site, d.subject_id) as is_usual,
    null::bigint as n_untaken,
    null::bigint as n_untaken_given,
    d.dose_mg_raw,
    d.record_key,
    d.source_file,
    d.source_row,
from core.dose_timing as d
where d.taken and d.dose_mg is not null
union all
select
    u.unit, u.study, u.site, u.subject_id, u.dose_seq, null as is_usual, u.n_untaken, u.n_untaken_given, u.dose_mg_raw, u.record_key,
    u.source_file, u.source_row,
from untaken as u
where u.dose_mg is not null and u.may_be_taken
