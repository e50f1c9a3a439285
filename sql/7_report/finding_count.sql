-- report.finding_count: findings that stand, by rule, with their age
-- Grain: STUDYID, SITEID, rule, severity
-- Reads: report.finding_day
-- Why:   `as_of` is the day of the release.
with aged as (
    select *, first_seen = getvariable('as_of')::date as is_new, getvariable('as_of')::date - first_seen as age_days
    from report.finding_day
)

select
    STUDYID,
    SITEID,
    rule,
    severity,
    sum(n)::integer as n,
    coalesce(sum(n) filter (is_open), 0)::integer as n_open,
    coalesce(sum(n) filter (is_open and is_new), 0)::integer as n_new,
    coalesce(sum(n) filter (is_open and age_days <= 7), 0)::integer as n_week,
    coalesce(sum(n) filter (is_open and age_days between 8 and 30), 0)::integer as n_month,
    coalesce(sum(n) filter (is_open and age_days between 31 and 90), 0)::integer as n_quarter,
    coalesce(sum(n) filter (is_open and age_days > 90), 0)::integer as n_older,
    coalesce(sum(n) filter (is_open and has_impact), 0)::integer as n_impact,
from aged
group by all
order by all
