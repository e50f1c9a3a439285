-- report.visit_seen: visits at which somebody has the primary outcome
-- Grain: STUDYID, SITEID, AVISIT
-- Reads: release.adipd
-- Why:   a visit at which nobody of the trial has it is taken not to ask for it, and is due for nobody.
select STUDYID, SITEID, AVISIT, count(distinct USUBJID)::integer as people
from release.adipd
where AVAL is not null
group by all
order by all
