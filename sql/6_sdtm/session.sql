-- sdtm.session: begin and end of a session as ISO 8601 text in the site's clock, with its offset
-- Grain: STUDYID, USUBJID, SESSNO
-- Reads: release.adsess, ref.clock
-- Why:   a study day is a day of the site's calendar, so the dates beside it must be the site's too. An instant is one clock time there,
--        also where the clock is set back: the offset tells which
with moment as (
    select STUDYID, USUBJID, SITEID, SESSNO, SESDY, ATTFL, unnest(['start', 'end']) as which, unnest([SESDTM, SEEDTM]) as at_utc,
    from release.adsess
),
placed as (
    select
        m.*,
        timezone(c.timezone, m.at_utc) as at_local,
        date_diff('minute', timezone('UTC', m.at_utc), timezone(c.timezone, m.at_utc)) as offset_min,
    from moment as m
    left join ref.clock as c on m.STUDYID = c.study and m.SITEID = c.site
),
told as (
    select
        *,
        case
            when at_local is not null
                then strftime(at_local, '%Y-%m-%dT%H:%M:%S')
                    || printf(
                        '%s%02d:%02d', case when offset_min < 0 then '-' else '+' end, abs(offset_min) // 60, abs(offset_min) % 60
                    )
            else strftime(timezone('UTC', at_utc), '%Y-%m-%dT%H:%M:%SZ')
        end as dtc,
    from placed
)

select
    STUDYID,
    USUBJID,
    SESSNO,
    any_value(SESDY) as SESDY,
    any_value(ATTFL) as ATTFL,
    max(dtc) filter (which = 'start') as start_dtc,
    max(dtc) filter (which = 'end') as end_dtc,
from told
group by STUDYID, USUBJID, SESSNO
