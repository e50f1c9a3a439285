-- sdtm.ae: SDTM-shaped adverse events
-- Grain: STUDYID, USUBJID, AESEQ
-- Reads: release.adae, release.adsl
-- Why:   body systems, actions taken, outcomes and ends are not collected: null, not made up. A study day needs a whole date
select
    a.STUDYID,
    'AE' as DOMAIN,
    a.USUBJID,
    a.AESEQ,
    a.AETERM,
    a.AEDECOD,
    null::varchar as AEBODSYS,
    a.AESEV,
    a.AESER,
    null::varchar as AEACN,
    a.AEREL,
    null::varchar as AEOUT,
    a.AESTDTC,
    null::varchar as AEENDTC,
    (
        case
            when try_cast(a.AESTDTC as date) >= s.RANDDT then try_cast(a.AESTDTC as date) - s.RANDDT + 1
            else try_cast(a.AESTDTC as date) - s.RANDDT
        end
    )::integer as AESTDY,
from release.adae as a
left join release.adsl as s on a.STUDYID = s.STUDYID and a.USUBJID = s.USUBJID
order by a.STUDYID, a.USUBJID, a.AESEQ
