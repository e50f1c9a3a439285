-- analysis.adsess: one row per session, with its exposure's success and the outcome that followed
-- Grain: STUDYID, USUBJID, SESSNO
-- Reads: core.session, core.subject, core.session_suds, core.session_dose, core.session_outcome, ref.trial
-- Why:   row = session t, AVALNEXT = assessment t + 1: the lagged analysis of Smits 2013
select
    v.study as STUDYID,
    v.usubjid as USUBJID,
    v.site as SITEID,
    v.session_no as SESSNO,
    case when v.attended then 'Y' when not v.attended then 'N' end as ATTFL,
    v.started_at_utc as SESDTM,
    v.ended_at_utc as SEEDTM,
    -- study day of the session: no day 0
    (
        date_diff('day', s.randomized_on, v.started_on) + case when v.started_on >= s.randomized_on then 1 else 0 end
    )::integer as SESDY,
    v.length_min as DURMIN,
    case when u.session_no is null then 0 else u.n_exercises end as NEXER,
    u.suds_begin as SUDSBEG,
    u.suds_peak as SUDSPEAK,
    u.suds_end as SUDSEND,
    u.reduction as SUDSRED,
    u.reduction_pct as SUDSREDP,
    'SUDSEND <= ' || format('{:g}', t.success_end_le) as CRIT1,
    case when u.crit1 then 'Y' when not u.crit1 then 'N' end as CRIT1FL,
    'SUDSREDP >= ' || format('{:g}', t.success_reduction_ge_pct) as CRIT2,
    case when u.crit2 then 'Y' when not u.crit2 then 'N' end as CRIT2FL,
    coalesce(u.outcome, 'UNKNOWN') as SESSRES,
    case when d.is_dosed then 'Y' when not d.is_dosed then 'N' end as DOSEFL,
    d.timing as TIMCAT,
    case when d.agrees_with_tailoring then 'Y' when not d.agrees_with_tailoring then 'N' end as TAILFL,
    t.primary_paramcd as PARAMCD,
    o.aval_next as AVALNEXT,
    o.aval_next - o.aval_before as CHGNEXT,
    v.source_file::varchar as SRCFILE,
    v.source_row as SRCROW,
from core.session as v
inner join core.subject as s on v.study = s.study and v.site = s.site and v.subject_id = s.subject_id
inner join ref.trial as t on v.study = t.study
left join core.session_suds as u
    on v.study = u.study and v.site = u.site and v.subject_id = u.subject_id and v.session_no = u.session_no
left join core.session_dose as d
    on v.study = d.study and v.site = d.site and v.subject_id = d.subject_id and v.session_no = d.session_no
left join core.session_outcome as o
    on v.study = o.study and v.site = o.site and v.subject_id = o.subject_id and v.session_no = o.session_no
order by s.subject_no, v.session_no
