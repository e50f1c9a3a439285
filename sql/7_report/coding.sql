-- report.coding: how medications were coded
-- Grain: STUDYID, SITEID, CODESTAT
-- Reads: release.adcm
-- Why:   every uncoded medication leaves a flag of somebody's doses unknown.
select
    STUDYID,
    SITEID,
    CODESTAT,
    count(*)::integer as n,
    count(distinct USUBJID)::integer as people,
from release.adcm
group by all
order by all
