-- report.site_sign: each site beside all other sites of its trial, one line a sign
-- Grain: STUDYID, SITEID, sign
-- Reads: report.person_sign
-- Why:   sums of the others are those of the trial without the site's own, so that nothing is read twice. Variances have n-1 below.
with site as (
    select STUDYID, SITEID, sign, count(*) as n, sum(value) as total, sum(value * value) as squares from report.person_sign group by all
),
trial as (
    select *, sum(n) over t as all_n, sum(total) over t as all_total, sum(squares) over t as all_squares
    from site
    window t as (partition by STUDYID, sign)
)

select
    STUDYID,
    SITEID,
    sign,
    n::integer as n,
    total / n as mean,
    case when n > 1 then greatest(0, (squares - total * total / n) / (n - 1)) end as variance,
    (all_n - n)::integer as others_n,
    case when all_n > n then (all_total - total) / (all_n - n) end as others_mean,
    case
        when all_n - n > 1
            then greatest(0, (all_squares - squares - (all_total - total) * (all_total - total) / (all_n - n)) / (all_n - n - 1))
    end as others_variance,
from trial
order by STUDYID, sign, SITEID
