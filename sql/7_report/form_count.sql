-- report.form_count: what there is of each form that is not a visit, and of how many it could be
-- Grain: STUDYID, SITEID, form, what
-- Reads: release.adsl, release.adex, release.adsess
-- Why:   completeness is counted where the record is there; whole records that are missing are found by the rules.
with subject as (
    select STUDYID, SITEID, USUBJID, AGE, SEX, WEIGHTBL, ICFDT, RANDDT, ITTFL, WDFL from release.adsl
),
taken as (
    select * from release.adex where EXOCCUR = 'Y'
),
attended as (
    select * from release.adsess where ATTFL = 'Y'
)

select STUDYID, SITEID, 1 as place, 'participant' as form, 'age' as what, count(AGE)::integer as n, count(*)::integer as n_of from subject
group by all
union all
select STUDYID, SITEID, 2, 'participant', 'sex', count(SEX) filter (SEX <> 'U')::integer, count(*)::integer from subject group by all
union all
select STUDYID, SITEID, 3, 'participant', 'weight', count(WEIGHTBL)::integer, count(*)::integer from subject group by all
union all
select STUDYID, SITEID, 4, 'participant', 'consent date', count(ICFDT)::integer, count(*)::integer from subject group by all
union all
select STUDYID, SITEID, 5, 'participant', 'randomized', count(*) filter (ITTFL = 'Y')::integer, count(*)::integer from subject group by all
union all
select STUDYID, SITEID, 6, 'participant', 'withdrawn', count(*) filter (WDFL = 'Y')::integer, count(*)::integer from subject group by all
union all
select STUDYID, SITEID, 10, 'dose', 'taken or not', count(*) filter (EXOCCUR in ('Y', 'N'))::integer, count(*)::integer from release.adex
group by all
union all
select STUDYID, SITEID, 11, 'dose', 'amount of taken doses', count(EXDOSE)::integer, count(*)::integer from taken group by all
union all
select STUDYID, SITEID, 12, 'dose', 'time of taken doses', count(EXSTDTM)::integer, count(*)::integer from taken group by all
union all
select STUDYID, SITEID, 13, 'dose', 'timing known', count(*) filter (TIMCAT <> 'UNKNOWN')::integer, count(*)::integer
from taken group by all
union all
select STUDYID, SITEID, 14, 'dose', 'in the trial''s window, of timings known', count(*) filter (INWINFL = 'Y')::integer,
    count(*) filter (INWINFL in ('Y', 'N'))::integer
from taken group by all
union all
select STUDYID, SITEID, 20, 'session', 'attended or not', count(ATTFL)::integer, count(*)::integer from release.adsess group by all
union all
select STUDYID, SITEID, 21, 'session', 'start of attended sessions', count(SESDTM)::integer, count(*)::integer from attended group by all
union all
select STUDYID, SITEID, 22, 'session', 'end of attended sessions', count(SEEDTM)::integer, count(*)::integer from attended group by all
union all
select STUDYID, SITEID, 23, 'rating', 'fear at begin and end of attended sessions', count(SUDSBEG + SUDSEND)::integer, count(*)::integer
from attended group by all
order by STUDYID, SITEID, place
