-- core.subject_dose: doses taken by each participant who took one: how many, how timed, how much
-- Grain: study, site, subject_id
-- Reads: core.dose_timing
-- Why:   the sum is unknown as soon as one amount is; first and last day stand in core.treatment_period
select
    d.study,
    d.site,
    d.subject_id,
    count(*)::integer as n_doses,
    case when count(d.dose_mg) = count(*) then sum(d.dose_mg) end as total_mg,
    (count(*) filter (d.is_1_2h_before))::integer as n_1_2h_before,
    (count(*) filter (d.is_over60_before))::integer as n_over60_before,
    (count(*) filter (d.is_ge4h_before))::integer as n_ge4h_before,
    (count(*) filter (d.is_immediately_after))::integer as n_immediately_after,
    (count(*) filter (not d.is_timed))::integer as n_unknown_timing,
from core.dose_timing as d
where d.taken
group by all
