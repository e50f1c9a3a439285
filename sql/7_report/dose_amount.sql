-- report.dose_amount: how much was given; null where the amount is not known or a blinded trial withholds it
-- Grain: STUDYID, SITEID, EXDOSE
-- Reads: release.adex
-- Why:   amounts outside the trial's arms stand out in a count of amounts as nowhere else.
select
    STUDYID,
    SITEID,
    EXDOSE,
    count(*)::integer as n,
    count(distinct USUBJID)::integer as people,
from release.adex
where EXOCCUR = 'Y'
group by all
order by all
