-- sdtm.rs: SDTM-shaped clinical classifications: what a clinician rates
-- Grain: STUDYID, USUBJID, RSSEQ
-- Reads: sdtm.finding
-- Why:   since SDTMIG 3.4 clinical classifications are RS, not QS
select
    STUDYID,
    'RS' as DOMAIN,
    USUBJID,
    (row_number() over (partition by STUDYID, USUBJID order by cat, visitnum, dtc, testcd, SRCFILE, SRCROW))::integer as RSSEQ,
    testcd as RSTESTCD,
    test as RSTEST,
    cat as RSCAT,
    shown as RSORRES,
    shown as RSSTRESC,
    value as RSSTRESN,
    null::varchar as RSLOBXFL,
    'INVESTIGATOR' as RSEVAL,
    visitnum as VISITNUM,
    visit as VISIT,
    dtc as RSDTC,
    dy as RSDY,
from sdtm.finding
where is_rated_by_clinician
order by STUDYID, USUBJID, RSSEQ
