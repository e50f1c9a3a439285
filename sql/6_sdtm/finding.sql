-- sdtm.finding: what QS and RS are made of: items, and the totals that sites reported
-- Grain: STUDYID, USUBJID, cat, testcd, visit, adt, SRCFILE, SRCROW
-- Reads: release.aditem, release.adqs, release.adsl, ref.rater, ref.visit
-- Why:   scores that are computed are analysis, not data as collected: only the site's own totals are here. A label longer than forty
--        characters gives way to its code, because it may not be longer and is never cut
with collected as (
    select STUDYID, USUBJID, PARCAT1, ITEMCD as testcd, 'Item ' || ITEMCD as test, AVISIT, ADT, AVAL as value, SRCFILE, SRCROW,
    from release.aditem
    where AVAL is not null
    union all
    select
        STUDYID, USUBJID, PARCAT1, PARAMCD as testcd, case when length(PARAM) <= 40 then PARAM else PARAMCD end as test, AVISIT, ADT,
        AVALREP as value, SRCFILE, SRCROW,
    from release.adqs
    where AVALREP is not null
)

select
    c.STUDYID,
    c.USUBJID,
    c.PARCAT1 as cat,
    c.testcd,
    c.test,
    c.value,
    regexp_replace(c.value::varchar, '\.0$', '') as shown,
    case when v.visit is not null then 100 + v.visit_order end as visitnum,
    c.AVISIT as visit,
    strftime(c.ADT, '%Y-%m-%d') as dtc,
    (case when c.ADT >= s.RANDDT then c.ADT - s.RANDDT + 1 else c.ADT - s.RANDDT end)::integer as dy,
    coalesce(r.clinician_rated, false) as is_rated_by_clinician,
    c.SRCFILE,
    c.SRCROW,
    c.ADT as adt,
from collected as c
left join release.adsl as s on c.STUDYID = s.STUDYID and c.USUBJID = s.USUBJID
left join ref.rater as r on c.PARCAT1 = r.instrument
left join ref.visit as v on c.STUDYID = v.study and c.AVISIT = v.visit
