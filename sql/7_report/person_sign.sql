-- report.person_sign: what each participant's records say about how their site works, one number a sign
-- Grain: STUDYID, SITEID, USUBJID, sign
-- Reads: release.adsl, release.adex, release.adsess, release.adsuds, release.adipd, release.finding, ref.evidence
-- Why:   a participant's records hang together, so that sites are compared by participants, not by records. Spread is measured around
--        the site's own median (Brown and Forsythe 1974, doi:10.1080/01621459.1974.10482955), so that a site that doses earlier is
--        not called one that doses irregularly. The signs are those of central statistical monitoring (Venet et al. 2012,
--        doi:10.1177/1740774512447898): spread, digits, repetition, errors. No arm is looked at.
with measured as (
    select STUDYID, SITEID, USUBJID, 'timing_spread' as sign, LAGSTRT as x
    from release.adex
    where EXOCCUR = 'Y' and TIMCAT <> 'UNKNOWN' and coalesce(EXTPT, 'PRE-SESSION') = 'PRE-SESSION' and LAGSTRT is not null
    union all
    select STUDYID, SITEID, USUBJID, 'fear_spread', SUDSBEG from release.adsess where SUDSBEG is not null
    union all
    select STUDYID, SITEID, USUBJID, 'outcome_spread', AVAL from release.adipd where WEEK = 0 and AVAL is not null
),
middle as (
    select STUDYID, SITEID, sign, median(x) as site_x from measured group by all
),
rating as (
    select STUDYID, SITEID, USUBJID, unnest([SUDSBEG, SUDSPEAK, SUDSEND]) as suds
    from release.adsuds
    where SUDSSCL in ('0-100', '1-100')
),
session_ratings as (
    select
        STUDYID,
        SITEID,
        USUBJID,
        SESSNO,
        bit_xor(hash(EXNO, SUDSBEG, SUDSPEAK, SUDSEND)) as ratings,
        sum((SUDSBEG is not null)::integer + (SUDSPEAK is not null)::integer + (SUDSEND is not null)::integer) as n_ratings,
    from release.adsuds
    group by all
),
enough as (
    select s.* from session_ratings as s cross join ref.evidence as e where s.n_ratings >= e.ratings_copied_min
),
several as (
    select STUDYID, SITEID, ratings from enough group by all having count(distinct USUBJID) > 1
),
refused as (
    -- a finding names a participant as the site does or as the sets do
    select study as STUDYID, site as SITEID, subject as USUBJID from release.finding where severity = 'reject' and subject is not null
    union
    select study, site, concat_ws('-', study, site, subject) from release.finding where severity = 'reject' and subject is not null
)

select m.STUDYID, m.SITEID, m.USUBJID, m.sign, avg(abs(m.x - c.site_x)::decimal(28, 6)) as value
from measured as m
inner join middle as c on m.STUDYID = c.STUDYID and m.SITEID = c.SITEID and m.sign = c.sign
group by all
union all
select STUDYID, SITEID, USUBJID, 'dose_minutes', avg((substr(EXSTDTC, 15, 2)::integer % 5 = 0)::integer)
from release.adex where EXOCCUR = 'Y' and length(EXSTDTC) >= 16 group by all
union all
select STUDYID, SITEID, USUBJID, 'fear_digits', avg((suds % 10 = 0)::integer) from rating where suds is not null group by all
union all
select e.STUDYID, e.SITEID, e.USUBJID, 'same_ratings', max((s.ratings is not null)::integer)
from enough as e
left join several as s on e.STUDYID = s.STUDYID and e.SITEID = s.SITEID and e.ratings = s.ratings
group by all
union all
select s.STUDYID, s.SITEID, s.USUBJID, 'refused_rows', max((r.USUBJID is not null)::integer)
from release.adsl as s
left join refused as r on s.STUDYID = r.STUDYID and s.SITEID = r.SITEID and s.USUBJID = r.USUBJID
group by all
