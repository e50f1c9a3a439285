-- sdtm.cm: SDTM-shaped medications, one row an ingredient
-- Grain: STUDYID, USUBJID, CMSEQ
-- Reads: release.adcm, release.adsl
-- Why:   dates stay as reported, also partial ones; a study day needs a whole date. "Ongoing" is told relative to the export
with dated as (
    select c.*, s.RANDDT, try_cast(c.CMSTDTC as date) as start_on, try_cast(c.CMENDTC as date) as end_on,
    from release.adcm as c
    left join release.adsl as s on c.STUDYID = s.STUDYID and c.USUBJID = s.USUBJID
)

select
    STUDYID,
    'CM' as DOMAIN,
    USUBJID,
    CMSEQ,
    CMTRT,
    CMMODIFY,
    CMDECOD,
    CMCLAS,
    CMCLASCD,
    CMSTDTC,
    CMENDTC,
    (case when start_on >= RANDDT then start_on - RANDDT + 1 else start_on - RANDDT end)::integer as CMSTDY,
    (case when end_on >= RANDDT then end_on - RANDDT + 1 else end_on - RANDDT end)::integer as CMENDY,
    case when ONGOFL = 'Y' and CMENDTC is null then 'ONGOING' end as CMENRTPT,
    case when ONGOFL = 'Y' and CMENDTC is null then 'DAY OF EXPORT' end as CMENTPT,
from dated
order by STUDYID, USUBJID, CMSEQ
