-- report.site_sign: each site beside all other sites of its trial, one line a sign
-- Grain: STUDYID, SITEID, sign
-- Reads: report.sign_sum
-- Why:   sums of the others are those of the trial without the site's own, so that nothing is read twice. Variances have n-1 below.
with trial as (
    select *, sum(n) over t as all_n, sum(total) over t as all_total, sum(squares) over t as all_squares
    from report.sign_sum
    window t as (partition by STUDYID, sign)
),
beside as (
    select
        STUDYID,
        SITEID,
        sign,
        n,
        total::double as total,
        squares::double as squares,
        (all_n - n)::integer as others_n,
        (all_total - total)::double as others_total,
        (all_squares - squares)::double as others_squares,
    from trial
)

select
    STUDYID,
    SITEID,
    sign,
    n,
    total / n as mean,
    case when n > 1 then greatest(0, (squares - total * total / n) / (n - 1)) end as variance,
    others_n,
    case when others_n > 0 then others_total / others_n end as others_mean,
    case
        when others_n > 1 then greatest(0, (others_squares - others_total * others_total / others_n) / (others_n - 1))
    end as others_variance,
from beside
order by STUDYID, sign, SITEID
