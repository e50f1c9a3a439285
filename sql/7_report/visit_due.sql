-- report.visit_due: from which day on a visit is due, for how many participants, and how many have the primary outcome there
-- Grain: STUDYID, SITEID, AVISIT, due_on
-- Reads: release.adsl, release.adipd, ref.due_visit
-- Why:   who is due changes with every night, the day from which on does not; what is due by the day of the release stays so, and is one
--        row. Where dates are shifted there is no such day (null), and every randomized participant counts.
with seen as (
    select STUDYID, USUBJID, AVISIT from release.adipd where AVAL is not null
)

select
    s.STUDYID,
    s.SITEID,
    v.AVISIT,
    v.AVISITN,
    case when not v.is_shifted then greatest(s.RANDDT + v.to_day::integer, getvariable('as_of')::date) end as due_on,
    v.is_shifted,
    count(i.USUBJID)::integer as n,
    count(*)::integer as n_of,
from release.adsl as s
inner join ref.due_visit as v on s.STUDYID = v.STUDYID
left join seen as i on s.STUDYID = i.STUDYID and s.USUBJID = i.USUBJID and v.AVISIT = i.AVISIT
where s.ITTFL = 'Y' and (v.is_shifted or s.RANDDT is not null)
group by all
order by all
