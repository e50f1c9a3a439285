-- report.session_fear: fear at the begin and at the end of sessions, in steps of ten
-- Grain: STUDYID, SITEID, begin_from, end_from
-- Reads: release.adsess
-- Why:   sessions below the diagonal went well, those above it made fear worse; a site off the pattern has its columns exchanged.
select
    STUDYID,
    SITEID,
    least(90, 10 * floor(SUDSBEG / 10))::integer as begin_from,
    least(90, 10 * floor(SUDSEND / 10))::integer as end_from,
    count(*)::integer as n,
    count(distinct USUBJID)::integer as people,
from release.adsess
where SUDSBEG is not null and SUDSEND is not null
group by all
order by all
