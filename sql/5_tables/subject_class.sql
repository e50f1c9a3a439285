-- tables.subject_class: the dose class, timing class and change in the primary outcome of each randomized participant
-- Grain: STUDYID, USUBJID
-- Reads: release.adsl, release.adex, release.adqs, release.adipd, ref.evidence
-- Why:   a participant is of the class that holds more than half of the doses taken. Where doses of unknown class could still
--        decide, the class is UNKNOWN; where none holds more than half, MIXED; without a dose, NONE. A dose that may or may not
--        have been taken counts as one of unknown class. CUMDOSE is null although every amount is known when a record of a
--        dose is set aside: how many doses there were is then not known. The arm of a blinded trial is not looked at.
with dose as (
    select
        x.STUDYID,
        x.USUBJID,
        x.EXOCCUR = 'Y' as is_taken,
        x.EXDOSE,
        case
            when x.EXOCCUR = 'U' then null
            when x.EXDOSE <= e.dose_low_mg then 'LE50'
            when x.EXDOSE <= e.dose_high_mg then 'GT50_250'
            when x.EXDOSE > e.dose_high_mg then 'GT250'
        end as dose_class,
        case when x.EXOCCUR = 'Y' then nullif(x.TIMCAT, 'UNKNOWN') end as timing_class,
        case when x.EXOCCUR = 'U' then null when x.GT60FL = 'Y' then 'GT60' when x.GT60FL = 'N' then 'LE60' end as over60_class,
    from release.adex as x
    cross join ref.evidence as e
    where x.EXOCCUR in ('Y', 'U')
),
counted as (
    select STUDYID, USUBJID, 'DOSE' as axis, dose_class as class, count(*) as n from dose group by all
    union all
    select STUDYID, USUBJID, 'TIMING' as axis, timing_class as class, count(*) as n from dose group by all
    union all
    select STUDYID, USUBJID, 'OVER60' as axis, over60_class as class, count(*) as n from dose group by all
),
majority as (
    select
        STUDYID,
        USUBJID,
        axis,
        sum(n) as n_all,
        coalesce(sum(n) filter (class is null), 0) as n_unknown,
        coalesce(max(n) filter (class is not null), 0) as n_most,
        arg_max(class, n) filter (class is not null) as most,
    from counted
    group by all
),
decided as (
    select
        STUDYID,
        USUBJID,
        axis,
        case
            when 2 * n_most > n_all then most
            when 2 * (n_most + n_unknown) > n_all then 'UNKNOWN'
            else 'MIXED'
        end as class,
    from majority
),
taken as (
    select STUDYID, USUBJID, count(*) filter (is_taken) as n_taken, bool_and(not is_taken or EXDOSE is not null) as is_known,
        bool_or(not is_taken) as has_maybe,
    from dose
    group by all
),
post_visit as (
    -- the visit after treatment: POST, or where a trial has none its first follow-up; `visit` overrides both
    select
        STUDYID,
        any_value(PARAMCD) as PARAMCD,
        coalesce(
            getvariable('visit')::varchar,
            max(AVISIT) filter (AVISIT = 'POST'),
            arg_min(AVISIT, AVISITN) filter (AVISIT like 'FU%')
        ) as AVISIT,
    from release.adipd
    group by STUDYID
)

select
    s.STUDYID,
    s.USUBJID,
    s.DISORDER,
    p.PARAMCD,
    p.AVISIT,
    case when s.BLINDFL = 'N' then s.TRT01P end as ARM,
    coalesce(t.n_taken, 0)::integer as NDOSE,
    s.CUMDOSE is null and coalesce(t.is_known and not t.has_maybe, true) as is_doubtful,
    case when is_doubtful then 'UNKNOWN' else coalesce(d.class, 'NONE') end as DOSECLS,
    case when is_doubtful then 'UNKNOWN' else coalesce(m.class, 'NONE') end as TIMCLS,
    case when is_doubtful then 'UNKNOWN' else coalesce(o.class, 'NONE') end as OVER60,
    q.CHG,
    i.POMP - i.POMPBL as POMPCHG,
from release.adsl as s
left join taken as t on s.STUDYID = t.STUDYID and s.USUBJID = t.USUBJID
left join decided as d on s.STUDYID = d.STUDYID and s.USUBJID = d.USUBJID and d.axis = 'DOSE'
left join decided as m on s.STUDYID = m.STUDYID and s.USUBJID = m.USUBJID and m.axis = 'TIMING'
left join decided as o on s.STUDYID = o.STUDYID and s.USUBJID = o.USUBJID and o.axis = 'OVER60'
left join post_visit as p on s.STUDYID = p.STUDYID
left join release.adqs as q
    on s.STUDYID = q.STUDYID and s.USUBJID = q.USUBJID and p.PARAMCD = q.PARAMCD and p.AVISIT = q.AVISIT and q.ANL01FL = 'Y'
left join release.adipd as i on s.STUDYID = i.STUDYID and s.USUBJID = i.USUBJID and p.AVISIT = i.AVISIT
where s.ITTFL = 'Y'
order by s.STUDYID, s.USUBJID
