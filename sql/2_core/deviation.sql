-- core.deviation: every departure from the protocol, numbered within the participant
-- Grain: study, site, subject_id, dvseq
-- Reads: core.dose_deviation, core.planned_dose, core.session, core.session_dose, core.subject, core.treatment_period,
--        core.medication, core.form, core.form_visit, ref.major_deviation
-- Why:   a deviation is written only where it is certain: a missed dose when no record may be it, a prohibited medication
--        when its known dates overlap the days between doses whose days are known, or its washout before the first, a missed session
--        when its day had come
-- Plan:  without join_order (joins stand in the better order)
with medication as (
    select
        m.study,
        m.site,
        m.subject_id,
        m.source_file,
        m.source_row,
        string_agg(distinct m.ingredient, ', ' order by m.ingredient) as ingredients,
        min(m.start_on) as start_on,
        min(d.first_on) as first_dose_on,
        min(d.known_first_on) as known_first_dose_on,
        max(m.end_on) as end_on,
        max(m.washout_days) as washout_days,
        bool_or(coalesce(m.start_latest <= d.known_last_on and m.end_earliest >= d.known_first_on, false)) as is_during,
    from core.medication as m
    inner join core.treatment_period as d on m.study = d.study and m.site = d.site and m.subject_id = d.subject_id
    where
        m.is_prohibited
        and (
            (m.start_latest <= d.known_last_on and m.end_earliest >= d.known_first_on)
            or (m.start_latest < d.first_on and m.end_earliest > d.first_on - m.washout_days)
        )
    group by all
),
visit as (
    select
        f.study,
        f.site,
        f.subject_id,
        v.visit,
        f.assessed_on,
        v.study_day,
        v.window_from,
        v.window_to,
        arg_min(f.source_file, f.form_id) as source_file,
        arg_min(f.source_row, f.form_id) as source_row,
    from core.form as f
    inner join core.form_visit as v on f.form_id = v.form_id
    where v.out_of_window
    group by all
),
found as (
    select study, site, subject_id, dvcat, dvdecod, deviated_on, session_no, dvterm, source_file, source_row, row_id,
    from core.dose_deviation
    union all
    select p.study, p.site, p.subject_id, 'DOSE', 'DOSE_MISSED', p.started_on, p.session_no,
        format('Session {} was attended, but the planned {}-SESSION dose was not taken.', p.session_no, p.time_point),
        p.source_file, p.source_row, 0,
    from core.planned_dose as p
    where p.is_expected and not p.is_taken
    union all
    select d.study, d.site, d.subject_id, 'TAILORING', 'TAILORING_DISCORDANT', v.started_on, d.session_no,
        format('The POST-SESSION dose of session {} was {}.', d.session_no,
            case when coalesce(u.is_taken, true) then 'taken, although the exposure did not succeed' else 'not taken, although the exposure succeeded' end),
        coalesce(u.source_file, v.source_file), coalesce(u.source_row, v.source_row), 0,
    from core.session_dose as d
    inner join core.session as v
        on d.study = v.study and d.site = v.site and d.subject_id = v.subject_id and d.session_no = v.session_no
    left join core.planned_dose as u
        on d.study = u.study and d.site = u.site and d.subject_id = u.subject_id and d.session_no = u.session_no and u.is_tailored
    where not d.agrees_with_tailoring
    union all
    select v.study, v.site, v.subject_id, 'SESSION', 'SESSION_MISSED', v.started_on, v.session_no,
        format('Session {} was not attended.', v.session_no), v.source_file, v.source_row, 0,
    from core.session as v
    where not v.attended and v.is_due
    union all
    select m.study, m.site, m.subject_id, 'MEDICATION', 'PROHIBITED_MEDICATION',
        case
            when not m.is_during then m.end_on
            -- on which day both were taken first is unknown where an earlier dose may have been
            when m.first_dose_on is not null or m.start_on >= m.known_first_dose_on then greatest(m.start_on, m.first_dose_on)
        end, null,
        case
            when m.is_during then format('Prohibited medication between first and last dose: {}.', m.ingredients)
            else format('Prohibited medication within {} days before the first dose: {}.', m.washout_days, m.ingredients)
        end, m.source_file, m.source_row, 0,
    from medication as m
    union all
    select v.study, v.site, v.subject_id, 'VISIT', 'VISIT_OUT_OF_WINDOW', v.assessed_on, null,
        format('Visit {} was assessed on study day {}; its window is {} to {}.', v.visit, v.study_day, v.window_from, v.window_to),
        v.source_file, v.source_row, 0,
    from visit as v
)

select
    s.unit,
    f.study,
    f.site,
    f.subject_id,
    s.usubjid,
    (row_number() over (
        partition by f.study, f.site, f.subject_id
        order by
            f.dvcat, f.session_no nulls last, f.deviated_on nulls last, f.source_file, f.source_row, f.dvdecod, f.row_id, f.dvterm
    ))::integer as dvseq,
    f.dvcat,
    f.dvdecod,
    j.dvdecod is not null as is_major,
    f.deviated_on,
    f.session_no,
    f.dvterm,
    f.source_file,
    f.source_row,
from found as f
inner join core.subject as s on f.study = s.study and f.site = s.site and f.subject_id = s.subject_id
left join ref.major_deviation as j on f.study = j.study and f.dvdecod = j.dvdecod
