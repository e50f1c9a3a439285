-- report.event: adverse events of special interest
-- Grain: STUDYID, USUBJID, AESEQ
-- Reads: release.adae
-- Why:   psychosis and convulsions are the known dangers of D-cycloserine: somebody must look at each of them.
select
    STUDYID,
    SITEID,
    USUBJID,
    AESEQ,
    AESICAT,
    AESTDTC,
    AESEV,
    AESER,
    TRTEMFL,
    DAYSLDOS,
from release.adae
where AESIFL = 'Y'
order by AESTDTC desc nulls last, STUDYID, USUBJID, AESEQ
