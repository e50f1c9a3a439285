-- pooled.adipd: one row per participant and scheduled visit, on scales that trials share
-- Grain: STUDYID, USUBJID, AVISIT
-- Reads: staged.ipd_base, pooled.adref
-- Why:   Z is null where the baseline has no spread; a lone record has no rank. A higher AVAL has a higher rank; ties share
--        their mean rank. A trial has few different values, so that these are ranked, not its records
with value as (
    select study, aval, count(*) as n_tied from staged.ipd_base group by study, aval
),
ranked as (
    select
        study,
        aval,
        n_tied,
        (sum(n_tied) over (partition by study order by aval nulls last) - n_tied + 1)::bigint as lowest_rank,
        (sum(n_tied) over (partition by study))::bigint as n_all,
    from value
)

select
    k.study as STUDYID,
    k.usubjid as USUBJID,
    k.site as SITEID,
    k.disorder as DISORDER,
    k.paramcd as PARAMCD,
    k.visit as AVISIT,
    k.visit_order as AVISITN,
    k.ady as ADY,
    k.week as WEEK,
    k.aval as AVAL,
    k.pomp as POMP,
    (k.aval - r.MEAN) / nullif(r.SD, 0) as Z,
    case when v.n_all > 1 then 100 * (v.lowest_rank + (v.n_tied - 1) / 2 - 1) / (v.n_all - 1) end as RANK100,
    k.pomp_baseline as POMPBL,
    k.arm_label as TRT01P,
    k.n_doses_capped as NDOSECAP,
    k.share_1_2h_before as PCTWIN12,
    k.share_over60_before as PCTGT60,
    k.share_good as PCTGOOD,
    k.ad_bl_fl as ADBLFL,
    k.ad_chr_fl as ADCHRFL,
    k.age_group as AGEGR1,
    k.sex as SEX,
from staged.ipd_base as k
inner join ranked as v on k.study = v.study and k.aval is not distinct from v.aval
left join pooled.adref as r on k.study = r.STUDYID and k.paramcd = r.PARAMCD
order by k.study, k.site, k.usubjid, k.visit_order
