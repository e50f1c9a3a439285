-- core.session: one row per session of a participant, with its instants, site-local date and length
-- Grain: study, site, subject_id, session_no
-- Reads: intake.session, core.subject
-- Why:   is_due: a session the site says was missed counts against the protocol only when its day had come and the
--        participant was still in the trial; an undated one of a withdrawn participant counts while later ones were attended
with last_attended as (
    select study, site, subject_id, max(session_no) as session_no,
    from intake.session
    where attended
    group by all
)

select
    v.unit,
    v.study,
    v.site,
    v.subject_id,
    s.usubjid,
    v.session_no,
    v.attended,
    v.started_at_utc,
    v.started_at_fault,
    v.exposure_started_at_utc,
    -- a fault of the text, or an instant that a rule took away
    v.exposure_started_at_utc is null
    and (v.exposure_started_at_fault is not null or v.exposure_started_at_offset_s is not null) as is_exposure_withheld,
    v.ended_at_utc,
    v.started_at_on as started_on,
    case when v.started_at_utc is not null then v.started_at_site end as started_at_site,
    (epoch_us(v.ended_at_utc) - epoch_us(v.started_at_utc)) / 6e7 as length_min,
    case
        when v.started_at_on > v.latest_on then false
        when not s.is_withdrawn then true
        when v.started_at_on is not null and s.withdrawn_on is not null then v.started_at_on <= s.withdrawn_on
        else coalesce(v.session_no < l.session_no, false)
    end as is_due,
    v.timezone,
    v.record_key,
    v.source_file,
    v.source_row,
    v.row_id,
    v.session_no_raw,
    v.started_at_raw,
    v.ended_at_raw,
from intake.session as v
inner join core.subject as s on v.unit = s.unit and v.study = s.study and v.site = s.site and v.subject_id = s.subject_id
left join last_attended as l on v.study = l.study and v.site = l.site and v.subject_id = l.subject_id
