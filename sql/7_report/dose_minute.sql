-- report.dose_minute: at which minute of the hour doses were written down, by the site's own clock
-- Grain: STUDYID, SITEID, minute
-- Reads: release.adex
-- Why:   times that are read from a clock fall on every minute; times that are remembered or planned heap on the hour and its quarters.
select
    STUDYID,
    SITEID,
    substr(EXSTDTC, 15, 2)::integer as minute,
    count(*)::integer as n,
    count(distinct USUBJID)::integer as people,
from release.adex
where EXOCCUR = 'Y' and length(EXSTDTC) >= 16
group by all
order by all
