-- sdtm.qs: SDTM-shaped questionnaires: fear ratings of exposure exercises, and what participants fill in themselves
-- Grain: STUDYID, USUBJID, QSSEQ
-- Reads: sdtm.finding, sdtm.session, release.adsuds
-- Why:   fear ratings are on 0-100 after the declared scale, as in adsuds. Whether a value is the last before exposure is left open: on
--        the day of a dose a date alone cannot say it
with rated as (
    unpivot (select STUDYID, USUBJID, SESSNO, EXNO, SUDSBEG, SUDSPEAK, SUDSEND, SRCFILE, SRCROW, from release.adsuds)
    on SUDSBEG, SUDSPEAK, SUDSEND into name testcd value value
),
together as (
    select
        r.STUDYID, r.USUBJID, 'EXERCISE ' || r.EXNO as grpid, r.testcd,
        case r.testcd when 'SUDSBEG' then 'SUDS at Begin (0-100)' when 'SUDSPEAK' then 'SUDS Peak (0-100)' else 'SUDS at End (0-100)' end
            as test,
        'SUDS' as cat, r.value, regexp_replace(r.value::varchar, '\.0$', '') as shown, r.SESSNO as visitnum, 'SESSION ' || r.SESSNO as visit,
        e.start_dtc as dtc, case when e.start_dtc is not null then e.SESDY end as dy,
        case r.testcd when 'SUDSBEG' then 'BEGIN' when 'SUDSPEAK' then 'PEAK' else 'END' end as tpt,
        case r.testcd when 'SUDSBEG' then 1 when 'SUDSPEAK' then 2 else 3 end as tptnum,
        'EXERCISE ' || r.EXNO as tptref, r.SRCFILE, r.SRCROW, r.EXNO as exno,
    from rated as r
    left join sdtm.session as e on r.STUDYID = e.STUDYID and r.USUBJID = e.USUBJID and r.SESSNO = e.SESSNO
    union all by name
    select STUDYID, USUBJID, testcd, test, cat, value, shown, visitnum, visit, dtc, dy, SRCFILE, SRCROW,
    from sdtm.finding
    where not is_rated_by_clinician
)

select
    STUDYID,
    'QS' as DOMAIN,
    USUBJID,
    (row_number() over (
        partition by STUDYID, USUBJID order by cat, visitnum, dtc, exno, tptnum, testcd, SRCFILE, SRCROW
    ))::integer as QSSEQ,
    grpid as QSGRPID,
    testcd as QSTESTCD,
    test as QSTEST,
    cat as QSCAT,
    shown as QSORRES,
    shown as QSSTRESC,
    value as QSSTRESN,
    null::varchar as QSLOBXFL,
    visitnum as VISITNUM,
    visit as VISIT,
    dtc as QSDTC,
    dy as QSDY,
    tpt as QSTPT,
    tptnum as QSTPTNUM,
    tptref as QSTPTREF,
from together
order by STUDYID, USUBJID, QSSEQ
