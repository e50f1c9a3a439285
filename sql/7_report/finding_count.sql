-- report.finding_count: findings that stand, by rule, with their age
-- Grain: STUDYID, SITEID, rule, severity
-- Reads: release.finding
-- Why:   a finding counts as open until its values are as they should be or the site's answer closed it (ANSWERED, WAIVED).
--        `as_of` is the day of the release.
with aged as (
    select
        study as STUDYID,
        site as SITEID,
        rule,
        severity,
        subject,
        status in ('OPEN', 'REOPENED') as is_open,
        first_seen = getvariable('as_of')::date as is_new,
        getvariable('as_of')::date - first_seen as age_days,
        coalesce(impact, '') <> '' as has_impact,
    from release.finding
)

select
    STUDYID,
    SITEID,
    rule,
    severity,
    count(*)::integer as n,
    count(distinct subject)::integer as people,
    count(*) filter (is_open)::integer as n_open,
    count(*) filter (is_open and is_new)::integer as n_new,
    count(*) filter (is_open and age_days <= 7)::integer as n_week,
    count(*) filter (is_open and age_days between 8 and 30)::integer as n_month,
    count(*) filter (is_open and age_days between 31 and 90)::integer as n_quarter,
    count(*) filter (is_open and age_days > 90)::integer as n_older,
    count(*) filter (is_open and has_impact)::integer as n_impact,
from aged
group by all
order by all
