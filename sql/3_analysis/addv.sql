-- analysis.addv: one row per departure from the protocol
-- Grain: STUDYID, USUBJID, DVSEQ
-- Reads: core.deviation
-- Why:   the trial file says which deviations are major
select
    d.study as STUDYID,
    d.usubjid as USUBJID,
    d.site as SITEID,
    d.dvseq as DVSEQ,
    d.dvcat as DVCAT,
    d.dvdecod as DVDECOD,
    case when d.is_major then 'Y' else 'N' end as DVMAJFL,
    d.deviated_on as DVSTDT,
    d.session_no as SESSNO,
    d.dvterm as DVTERM,
    d.source_file::varchar as SRCFILE,
    d.source_row as SRCROW,
from core.deviation as d
order by d.study, d.site, d.usubjid, d.dvseq
