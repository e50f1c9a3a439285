-- report.dose_lag: how long before or after its session doses were taken, in steps of ten minutes
-- Grain: STUDYID, SITEID, EXTPT, lag_from_min
-- Reads: release.adex, ref.dose_window
-- Why:   before the session lags count to the trial's own reference (session or exposure start), after it from the session's end.
--        The first and last step hold all that lies beyond. Doses whose timing is unknown are counted in report.site_count.
with dose as (
    select
        x.STUDYID,
        x.SITEID,
        x.USUBJID,
        coalesce(x.EXTPT, 'PRE-SESSION') as EXTPT,
        x.INWINFL,
        case
            when x.EXTPT = 'POST-SESSION' then x.LAGEND
            when w.is_exposure then x.LAGEXPO
            else x.LAGSTRT
        end as lag_min,
    from release.adex as x
    left join ref.dose_window as w on x.STUDYID = w.STUDYID
    where x.EXOCCUR = 'Y' and x.TIMCAT <> 'UNKNOWN'
)

select
    STUDYID,
    SITEID,
    EXTPT,
    greatest(-120, least(360, 10 * floor(lag_min / 10)))::integer as lag_from_min,
    count(*)::integer as n,
    count(distinct USUBJID)::integer as people,
    count(*) filter (INWINFL = 'N')::integer as n_outside,
from dose
where lag_min is not null
group by all
order by all
