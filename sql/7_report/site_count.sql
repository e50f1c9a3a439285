-- report.site_count: what there is of each form, and of how many it could be
-- Grain: STUDYID, SITEID, form, what
-- Reads: report.form_count, report.visit_due, report.visit_seen
-- Why:   a visit is due for a participant when its window has ended by the day of the release; where dates are shifted that day cannot
--        be compared, and every randomized participant counts.
with planned as (
    select distinct STUDYID, AVISIT from report.visit_seen
)

select STUDYID, SITEID, place, form, what, n, n_of from report.form_count
union all
select d.STUDYID, d.SITEID, 30 + d.AVISITN, 'primary outcome', d.AVISIT, sum(d.n)::integer, sum(d.n_of)::integer
from report.visit_due as d
inner join planned as p on d.STUDYID = p.STUDYID and d.AVISIT = p.AVISIT
where d.is_shifted or d.due_on <= getvariable('as_of')::date
group by all
order by STUDYID, SITEID, place
