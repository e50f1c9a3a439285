-- core.session_dose: what was dosed at each session, and whether that agrees with the tailoring rule
-- Grain: study, site, subject_id, session_no
-- Reads: core.session, core.dose_timing, core.planned_dose, core.session_suds, core.loose_dose, ref.trial
-- Why:   two doses of one session may disagree on timing: then the session's timing is UNKNOWN. No dose is only said of a
--        session when no record in doubt or in quarantine may belong to it.
with dosed as (
    select
        d.study,
        d.site,
        d.subject_id,
        d.session_no,
        count(*) filter (d.taken) as n_taken,
        min(d.timing) filter (d.taken) as first_timing,
        max(d.timing) filter (d.taken) as last_timing,
        bool_or(d.taken) filter (d.time_point = 'POST') as is_post_taken,
    from core.dose_timing as d
    where d.session_no is not null
    group by all
),
doubted as (
    select distinct study, site, subject_id, unnest(session_nos) as session_no
    from core.loose_dose
),
post as (
    select p.study, p.site, p.subject_id, p.session_no, p.is_taken,
    from core.planned_dose as p
    where p.is_tailored
)

select
    v.unit,
    v.study,
    v.site,
    v.subject_id,
    v.session_no,
    case
        when d.n_taken > 0 then true
        when q.session_no is not null then null
        else false
    end as is_dosed,
    case when d.first_timing = d.last_timing then d.first_timing when d.first_timing is not null then 'UNKNOWN' end as timing,
    case
        when t.tailored and p.session_no is not null then p.is_taken = u.is_success
        -- a POST dose where none is planned agrees with the rule as little or as much
        when t.tailored and d.is_post_taken then u.is_success
    end as agrees_with_tailoring,
from core.session as v
inner join ref.trial as t on v.study = t.study
left join dosed as d
    on v.study = d.study and v.site = d.site and v.subject_id = d.subject_id and v.session_no = d.session_no
left join doubted as q
    on v.study = q.study and v.site = q.site and v.subject_id = q.subject_id and v.session_no = q.session_no
left join post as p
    on v.study = p.study and v.site = p.site and v.subject_id = p.subject_id and v.session_no = p.session_no
left join core.session_suds as u
    on v.study = u.study and v.site = u.site and v.subject_id = u.subject_id and v.session_no = u.session_no
