-- sdtm.ec: SDTM-shaped exposure as collected: every capsule that was to be taken, arm-blind
-- Grain: STUDYID, USUBJID, ECSEQ
-- Reads: release.adex, release.adsl, sdtm.session
-- Why:   the amount is the capsule's nominal strength, in both arms. ECOCCUR goes with ECPRESP, so a capsule that nobody planned has
--        neither when it was taken. A study day needs a whole date; there is no day 0
with dated as (
    select x.*, s.RANDDT, try_cast(left(x.EXSTDTC, 10) as date) as day_on,
    from release.adex as x
    left join release.adsl as s on x.STUDYID = s.STUDYID and x.USUBJID = s.USUBJID
),
measured as (
    select
        d.*,
        case when d.day_on >= d.RANDDT then d.day_on - d.RANDDT + 1 else d.day_on - d.RANDDT end as dy,
        d.PLANFL = 'Y' or d.EXOCCUR <> 'Y' as is_prespecified,
        d.EXTPT is not null and d.SESSNO is not null as has_point,
    from dated as d
)

select
    m.STUDYID,
    'EC' as DOMAIN,
    m.USUBJID,
    m.EXSEQ as ECSEQ,
    'STUDY TREATMENT' as ECTRT,
    'PERFORMED' as ECMOOD,
    case when m.is_prespecified then 'Y' end as ECPRESP,
    case when m.is_prespecified then m.EXOCCUR end as ECOCCUR,
    m.EXDOSE as ECDOSE,
    case when m.EXDOSE is null and m.EXOCCUR = 'Y' then m.EXDOSORG end as ECDOSTXT,
    m.EXDOSU as ECDOSU,
    null::varchar as ECDOSFRM,
    m.SESSNO as VISITNUM,
    'SESSION ' || m.SESSNO as VISIT,
    m.EXSTDTC as ECSTDTC,
    m.EXSTDTC as ECENDTC,
    m.dy::integer as ECSTDY,
    m.dy::integer as ECENDY,
    case when m.has_point then m.EXTPT end as ECTPT,
    case when m.has_point then case m.EXTPT when 'PRE-SESSION' then 1 else 2 end end as ECTPTNUM,
    case when m.has_point then 'SESSION ' || m.SESSNO || ' START' end as ECTPTREF,
    case when m.has_point then e.start_dtc end as ECRFTDTC,
from measured as m
left join sdtm.session as e on m.STUDYID = e.STUDYID and m.USUBJID = e.USUBJID and m.SESSNO = e.SESSNO
order by m.STUDYID, m.USUBJID, m.EXSEQ
