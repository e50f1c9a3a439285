-- analysis.adqs: every score of every assessment, with baseline, change and analysis window
-- Grain: USUBJID, PARAMCD, AVISIT, ADT
-- Reads: core.score, core.form, core.form_visit, core.baseline, ref.scale
-- Why:   TOTDIFF is null for a prorated score. AWTDIFF is signed, days from target to ADT in the visit's own anchor, with no
--        day 0 between -1 and 1. AVAL is null where too few items were answered; such a row still tells NANSW
select
    v.study::study_name as STUDYID,
    v.usubjid::subject_name as USUBJID,
    v.site::site_name as SITEID,
    s.instrument::instrument_name as PARCAT1,
    s.paramcd::paramcd_name as PARAMCD,
    r.param::param_name as PARAM,
    v.visit::visit_name as AVISIT,
    v.visit_order as AVISITN,
    v.assessed_on as ADT,
    v.ady as ADY,
    s.aval as AVAL,
    b.aval as BASE,
    case when b.form_id <> s.form_id then s.aval - b.aval end as CHG,
    case when b.form_id <> s.form_id and b.aval <> 0 then 100 * (s.aval - b.aval) / b.aval end as PCHG,
    case when b.form_id = s.form_id then 'Y' end as ABLFL,
    case when s.is_used then 'Y' end as ANL01FL,
    case when s.is_prorated then 'AVERAGE' end as DTYPE,
    s.n_items as NITEMS,
    s.n_answered as NANSW,
    s.reported as AVALREP,
    s.total_diff as TOTDIFF,
    s.pomp as POMP,
    v.window_target as AWTARGET,
    v.target_diff as AWTDIFF,
    v.window_from as AWLO,
    v.window_to as AWHI,
    f.source_file::file_name as SRCFILE,
    f.source_row as SRCROW,
from core.score as s
inner join core.form_visit as v on s.form_id = v.form_id
inner join core.form as f on s.form_id = f.form_id
inner join ref.scale as r on s.instrument = r.instrument and s.paramcd = r.paramcd
left join core.baseline as b
    on v.study = b.study and v.site = b.site and v.subject_id = b.subject_id and s.paramcd = b.paramcd
where v.is_told_apart
order by v.form_no, s.scale_no
