-- report.sign_sum: what the signs of a site's participants come to
-- Grain: STUDYID, SITEID, sign
-- Reads: report.person_sign
-- Why:   sums of decimal numbers are exact, so that they do not hang on the order of rows, on threads, or on which sites are read at once.
with exact as (
    select STUDYID, SITEID, sign, value::decimal(19, 8) as value from report.person_sign
)

select STUDYID, SITEID, sign, count(*)::integer as n, sum(value) as total, sum(value * value) as squares
from exact
group by all
order by all
