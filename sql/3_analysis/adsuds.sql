-- analysis.adsuds: one row per exposure exercise with its fear ratings on 0-100
-- Grain: STUDYID, USUBJID, SESSNO, EXNO
-- Reads: intake.rating, core.subject
-- Why:   ratings stay as collected but for the declared scale; end above begin is a result, not an error
select
    r.study as STUDYID,
    s.usubjid as USUBJID,
    r.site as SITEID,
    r.session_no as SESSNO,
    r.exercise_no as EXNO,
    r.begin_suds as SUDSBEG,
    r.peak_suds as SUDSPEAK,
    r.end_suds as SUDSEND,
    r.scale as SUDSSCL,
    r.source_file::varchar as SRCFILE,
    r.source_row as SRCROW,
from intake.rating as r
inner join core.subject as s on r.study = s.study and r.site = s.site and r.subject_id = s.subject_id
order by s.subject_no, r.session_no, r.exercise_no
