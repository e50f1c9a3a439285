-- report.event_count: how many adverse events of special interest a site has
-- Grain: STUDYID, SITEID
-- Reads: release.adae
-- Why:   tells of which sites report.event must look at the events themselves: a count names nobody.
select STUDYID, SITEID, count(*)::integer as n
from release.adae
where AESIFL = 'Y'
group by all
order by all
