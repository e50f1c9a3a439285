-- core.doubtful_dose: participants with records that may be a taken dose but are not known to be
-- Grain: study, site, subject_id
-- Reads: core.loose_dose
-- Why:   a dose of unknown taking or one in quarantine may have been the first, and its amount counts: what rests on the number of
--        doses is then unknown, never a plain no. earliest_on is null when the day of one of them is unknown.
select
    study,
    site,
    subject_id,
    count(*) as n_doubtful,
    case when count(dosed_on) = count(*) then min(dosed_on) end as earliest_on,
    case when count(dosed_on) = count(*) then max(dosed_on) end as latest_on,
from core.loose_dose
where not is_kept or taken is null
group by study, site, subject_id
