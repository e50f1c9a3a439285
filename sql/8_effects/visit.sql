-- effects.visit: one row per randomized participant and visit with the primary outcome, ready for a mixed model
-- Grain: STUDYID, USUBJID, AVISIT
-- Reads: release.adipd, release.adsl, ref.arm
-- Why:   outcomes are on 0-100 (POMP), so that trials can be pooled. is_active is planned treatment: participants are analysed as
--        randomized. Unknown antidepressant use is null, never N.
select
    i.STUDYID,
    i.USUBJID,
    i.AVISIT,
    i.AVISITN,
    i.WEEK as week,
    i.POMP as outcome,
    i.POMPBL as baseline,
    (not a.is_placebo)::integer as active,
    i.NDOSECAP as doses,
    i.PCTGT60 as over60,
    case i.ADBLFL when 'Y' then 1 when 'N' then 0 end as antidepressant,
    i.WEEK > 0 as is_after,
from release.adipd as i
inner join release.adsl as s on i.STUDYID = s.STUDYID and i.USUBJID = s.USUBJID
inner join ref.arm as a on s.STUDYID = a.STUDYID and s.TRT01P = a.TRT01P
where s.ITTFL = 'Y' and i.AVISITN is not null and i.POMP is not null and i.WEEK is not null
order by i.STUDYID, i.USUBJID, i.AVISITN, i.AVISIT
