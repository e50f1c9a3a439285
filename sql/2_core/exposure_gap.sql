-- core.exposure_gap: whether each session held has the time of its first exposure, and how many others of its kind have
-- Grain: study, site, subject_id, session_no
-- Reads: core.session, intake.session, ref.planned_dose
-- Why:   a protocol may begin with sessions without exposure, so a session is held against the site's others of its number; those with
--        a planned dose, to which lags to the exposure belong, are of one kind
with planned as (
    select distinct study, session_no,
    from ref.planned_dose
),
kind as (
    select
        v.unit, v.study, v.site, v.subject_id, v.session_no, v.row_id, v.record_key, v.source_file, v.source_row,
        v.exposure_started_at_utc is not null as is_sent,
        case when p.session_no is null then v.session_no else 0 end as kind,
    from core.session as v
    left join planned as p on v.study = p.study and v.session_no = p.session_no
    where v.attended
)

select
    k.unit, k.study, k.site, k.subject_id, k.session_no, k.is_sent,
    i.exposure_started_at_fault as exposure_fault,
    count(*) over of_kind - 1 as n_others,
    count(*) filter (k.is_sent) over of_kind - k.is_sent::integer as n_others_sent,
    k.record_key, k.source_file, k.source_row,
from kind as k
inner join intake.session as i on k.row_id = i.row_id
window of_kind as (partition by k.unit, k.study, k.site, k.kind)
