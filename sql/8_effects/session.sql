-- effects.session: one row per dosed session with the fall of fear in it and the outcome at the next assessment
-- Grain: STUDYID, USUBJID, SESSNO
-- Reads: release.adsess, release.adsl, release.adref, ref.arm
-- Why:   the lagged analysis of Smits et al. 2013: session t explains the assessment at t + 1, given the one before. Outcomes on 0-100
--        by the instrument's own range; where higher is better the sign is turned by is_reversed. Sessions that lie before the same
--        assessment would count it more than once: only the last of them is kept, told by the same pair of assessments.
with scaled as (
    select
        e.STUDYID,
        e.USUBJID,
        e.SESSNO,
        e.SUDSRED / 10 as fall,
        (not a.is_placebo)::integer as active,
        100 * (e.AVALNEXT - r.PMIN) / (r.PMAX - r.PMIN) as next_raw,
        100 * (e.AVALNEXT - e.CHGNEXT - r.PMIN) / (r.PMAX - r.PMIN) as before_raw,
        a.is_reversed,
        e.AVALNEXT is not distinct from lead(e.AVALNEXT) over later and e.CHGNEXT is not distinct from lead(e.CHGNEXT) over later as is_again,
    from release.adsess as e
    inner join release.adsl as s on e.STUDYID = s.STUDYID and e.USUBJID = s.USUBJID
    inner join release.adref as r on e.STUDYID = r.STUDYID and e.PARAMCD = r.PARAMCD
    inner join ref.arm as a on s.STUDYID = a.STUDYID and s.TRT01P = a.TRT01P
    where s.ITTFL = 'Y' and e.DOSEFL = 'Y'
    window later as (partition by e.STUDYID, e.USUBJID order by e.SESSNO)
)

select
    STUDYID,
    USUBJID,
    SESSNO,
    fall,
    active,
    case when is_reversed then 100 - next_raw else next_raw end as outcome,
    case when is_reversed then 100 - before_raw else before_raw end as before,
from scaled
where not is_again and fall is not null and next_raw is not null and before_raw is not null
order by STUDYID, USUBJID, SESSNO
