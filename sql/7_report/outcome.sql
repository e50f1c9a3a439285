-- report.outcome: the primary outcome at each visit: participants, quartiles
-- Grain: STUDYID, SITEID, AVISIT
-- Reads: release.adipd
-- Why:   quartiles tell a course without showing anybody's own.
select
    STUDYID,
    SITEID,
    any_value(PARAMCD) as PARAMCD,
    AVISIT,
    min(AVISITN)::integer as AVISITN,
    count(distinct USUBJID)::integer as people,
    quantile_cont(AVAL, 0.25) as low,
    quantile_cont(AVAL, 0.5) as middle,
    quantile_cont(AVAL, 0.75) as high,
from release.adipd
where AVISITN is not null and AVAL is not null
group by STUDYID, SITEID, AVISIT
order by STUDYID, SITEID, AVISITN, AVISIT
