-- sdtm.sv: SDTM-shaped visits: sessions, and the planned visits with an assessment
-- Grain: STUDYID, USUBJID, VISITNUM
-- Reads: sdtm.session, release.adqs, ref.visit
-- Why:   sessions keep the site's number; a visit of the trial file is 100 and its order, so that the two never meet. Assessments
--        outside of any planned visit are no visit here. A session not attended is told as such
with session as (
    select
        STUDYID, USUBJID, SESSNO as VISITNUM, 'SESSION ' || SESSNO as VISIT,
        case when ATTFL is null then 'U' else ATTFL end as SVOCCUR,
        case when ATTFL = 'Y' then start_dtc end as SVSTDTC,
        case when ATTFL = 'Y' then end_dtc end as SVENDTC,
        case when ATTFL = 'Y' and start_dtc is not null then SESDY end as SVSTDY,
        -- a session ends on the day it begins, unless its end is on another day of the calendar
        case when ATTFL = 'Y' and left(end_dtc, 10) = left(start_dtc, 10) then SESDY end as SVENDY,
    from sdtm.session
),
assessment as (
    select
        q.STUDYID, q.USUBJID, 100 + v.visit_order as VISITNUM, q.AVISIT as VISIT, 'Y' as SVOCCUR,
        strftime(min(q.ADT), '%Y-%m-%d') as SVSTDTC, strftime(max(q.ADT), '%Y-%m-%d') as SVENDTC,
        min(q.ADY) as SVSTDY, max(q.ADY) as SVENDY,
    from release.adqs as q
    inner join ref.visit as v on q.STUDYID = v.study and q.AVISIT = v.visit
    where q.ADT is not null
    group by q.STUDYID, q.USUBJID, v.visit_order, q.AVISIT
),
together as (
    select * from session
    union all by name
    select * from assessment
)

select
    STUDYID, 'SV' as DOMAIN, USUBJID, VISITNUM, VISIT, 'Y' as SVPRESP, SVOCCUR, SVSTDTC, SVENDTC, SVSTDY, SVENDY,
from together
order by STUDYID, USUBJID, VISITNUM
