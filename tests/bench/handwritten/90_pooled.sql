-- adref, adipd: what needs the whole trial. Reads ipd_base, the scores of every batch.
create table adref as
select '{study}' as STUDYID, 'LSASTOT' as PARAMCD, count(*) as N, avg(aval) as MEAN, stddev_samp(aval) as SD, 0.0::double as PMIN, 144.0::double as PMAX,
from ipd_base where visit = 'BASELINE';

create table adipd as
with ranked as (
    select *, rank() over (order by aval) as lowest, count(*) over (partition by aval) as n_tied, count(*) over () as n_all from ipd_base
)
select
    b.site_no, '{study}'::text_t as STUDYID, b.usubjid as USUBJID, b.site as SITEID, 'SAD'::text_t as DISORDER, 'LSASTOT'::text_t as PARAMCD, b.visit as AVISIT,
    b.visit_order as AVISITN, b.study_day as ADY, b.week as WEEK, b.aval as AVAL, b.pomp as POMP, (b.aval - r.MEAN) / r.SD as Z,
    100 * (b.lowest + (b.n_tied - 1) / 2 - 1) / (b.n_all - 1) as RANK100, b.pomp_base as POMPBL, null::varchar as TRT01P, b.n_capped as NDOSECAP,
    b.pct_win12 as PCTWIN12, b.pct_gt60 as PCTGT60, b.pct_good as PCTGOOD, b.ad_bl as ADBLFL, coalesce(b.chronic, 'N') as ADCHRFL,
    case when b.age_years < 18 then 'PEDIATRIC' when b.age_years >= 18 then 'ADULT' end as AGEGR1, b.sex as SEX,
from ranked as b cross join adref as r
order by usubjid, visit_order;
