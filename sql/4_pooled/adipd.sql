-- pooled.adipd: one row per participant and scheduled visit, on scales that trials share
-- Grain: STUDYID, USUBJID, AVISIT
-- Reads: staged.ipd_base, pooled.adref
-- Why:   Z is null where the baseline has no spread; a lone record has no rank. A higher AVAL has a higher rank; ties share
--        their mean rank
with ranked as (
    select
        b.study, b.usubjid, b.site, b.disorder, b.paramcd, b.visit, b.visit_order, b.ady, b.week, b.aval, b.pomp, b.pomp_baseline,
        b.arm_label, b.n_doses_capped, b.share_1_2h_before, b.share_over60_before, b.share_good, b.ad_bl_fl, b.ad_chr_fl,
        b.age_group, b.sex,
        rank() over (partition by b.study order by b.aval) as lowest_rank,
        count(*) over (partition by b.study, b.aval) as n_tied,
        count(*) over (partition by b.study) as n_all,
    from staged.ipd_base as b
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
    case when k.n_all > 1 then 100 * (k.lowest_rank + (k.n_tied - 1) / 2 - 1) / (k.n_all - 1) end as RANK100,
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
from ranked as k
left join pooled.adref as r on k.study = r.STUDYID and k.paramcd = r.PARAMCD
order by k.study, k.site, k.usubjid, k.visit_order
