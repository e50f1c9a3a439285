-- sdtm.dm: SDTM-shaped demographics
-- Grain: STUDYID, USUBJID
-- Reads: release.adsl, release.adex, ref.arm, ref.open_trial
-- Why:   the reference start is the day of randomization, as in the analysis sets' study days. Arms and the dates of exposure are
--        null in a blinded trial: EX is not written there. What no site sends (race, country, death) is null, not made up
with exposure as (
    select
        STUDYID,
        USUBJID,
        first(EXSTDTC order by left(EXSTDTC, 10), EXSTDTM nulls last) as first_dtc,
        last(EXSTDTC order by left(EXSTDTC, 10), EXSTDTM nulls first) as last_dtc,
    from release.adex
    where EXOCCUR = 'Y' and EXSTDTC is not null
    group by STUDYID, USUBJID
)

select
    s.STUDYID,
    'DM' as DOMAIN,
    s.USUBJID,
    s.SUBJID,
    strftime(s.RANDDT, '%Y-%m-%d') as RFSTDTC,
    strftime(s.TRTEDT, '%Y-%m-%d') as RFENDTC,
    case when o.study is not null then x.first_dtc end as RFXSTDTC,
    case when o.study is not null then x.last_dtc end as RFXENDTC,
    strftime(s.ICFDT, '%Y-%m-%d') as RFICDTC,
    strftime(s.WDDT, '%Y-%m-%d') as RFPENDTC,
    null::varchar as DTHDTC,
    null::varchar as DTHFL,
    s.SITEID,
    s.AGE,
    case when s.AGE is not null then 'YEARS' end as AGEU,
    s.SEX,
    null::varchar as RACE,
    p.arm as ARMCD,
    s.TRT01P as ARM,
    a.arm as ACTARMCD,
    s.TRT01A as ACTARM,
    case
        when s.RANDDT is null then 'NOT ASSIGNED'
        when o.study is not null and s.TRT01P is not null and s.TRT01A is null then 'ASSIGNED, NOT TREATED'
    end as ARMNRS,
    null::varchar as COUNTRY,
from release.adsl as s
left join exposure as x on s.STUDYID = x.STUDYID and s.USUBJID = x.USUBJID
left join ref.open_trial as o on s.STUDYID = o.study
left join ref.arm as p on s.STUDYID = p.study and s.TRT01P = p.label
left join ref.arm as a on s.STUDYID = a.study and s.TRT01A = a.label
order by s.STUDYID, s.USUBJID
