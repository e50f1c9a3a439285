-- report.finding_day: findings that stand, by rule and by the day they were first seen
-- Grain: STUDYID, SITEID, rule, severity, first_seen, is_open, has_impact
-- Reads: release.finding
-- Why:   the age of a finding changes with every night, the day it was first seen does not. A finding counts as open until its values
--        are as they should be or the site's answer closed it (ANSWERED, WAIVED).
select
    study as STUDYID,
    site as SITEID,
    rule,
    severity,
    first_seen,
    status in ('OPEN', 'REOPENED') as is_open,
    coalesce(impact, '') <> '' as has_impact,
    count(*)::integer as n,
from release.finding
group by all
order by all
