-- pooled.adref: mean and spread of the trial's primary outcome at baseline
-- Grain: STUDYID, PARAMCD
-- Reads: staged.ipd_base, ref.scale
-- Why:   of the primary parameter only. Sums run over a sorted list, so that the last digit never depends on threads
with value as (
    select study, min(instrument) as instrument, paramcd, list(aval order by aval) as avals, count(*) as n,
    from staged.ipd_base
    where is_baseline
    group by study, paramcd
),
centred as (
    select study, instrument, paramcd, avals, n, list_sum(avals) / n as mean,
    from value
)

select
    c.study as STUDYID,
    c.paramcd as PARAMCD,
    c.n::integer as N,
    c.mean as MEAN,
    case when c.n > 1 then sqrt(list_sum(list_transform(c.avals, lambda x: (x - c.mean) * (x - c.mean))) / (c.n - 1)) end as SD,
    r.scale_min as PMIN,
    r.scale_max as PMAX,
from centred as c
left join ref.scale as r on c.instrument = r.instrument and c.paramcd = r.paramcd
order by c.study, c.paramcd
