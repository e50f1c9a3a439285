-- analysis.adcm: concomitant medications, one row per ingredient
-- Grain: USUBJID, CMSEQ
-- Reads: core.medication, core.subject, core.treatment_period, core.antidepressant_course, ref.evidence
-- Why:   class flags of an uncoded medication are null; of a text that is no drug N. PREFL: begun before the first taken dose,
--        null when none was taken. ONTRTFL: active on any day from the first to the last taken dose, N when none was taken. Both
--        are null when an imputed or missing date, of a dose too, leaves them open. ADCHRFL: part of a chronic course
--        (core.antidepressant_course): its own days fall among the course's; U when a date or the coding leaves it open
select
    m.study as STUDYID,
    s.usubjid as USUBJID,
    m.site as SITEID,
    m.med_seq as CMSEQ,
    m.verbatim as CMTRT,
    m.cmmodify as CMMODIFY,
    m.ingredient as CMDECOD,
    m.class as CMCLAS,
    m.atc as CMCLASCD,
    m.codestat as CODESTAT,
    m.cmsugg as CMSUGG,
    m.start_dtc as CMSTDTC,
    m.end_dtc as CMENDTC,
    m.start_on as ASTDT,
    m.start_imputed as ASTDTF,
    m.end_on as AENDT,
    m.end_imputed as AENDTF,
    case when m.ongoing then 'Y' when not m.ongoing then 'N' end as ONGOFL,
    case
        when p.n_taken is null then null
        when m.start_latest < p.first_on then 'Y'
        when m.start_earliest >= p.known_first_on then 'N'
    end as PREFL,
    case
        when p.n_taken is null then 'N'
        when m.start_latest <= p.known_last_on and m.end_earliest >= p.known_first_on then 'Y'
        when m.start_earliest > p.last_on or m.end_latest < p.first_on then 'N'
    end as ONTRTFL,
    case when m.is_antidepressant then 'Y' when not m.is_antidepressant then 'N' end as ADFL,
    case when m.is_ssri then 'Y' when not m.is_ssri then 'N' end as SSRIFL,
    case when m.is_psychotropic then 'Y' when not m.is_psychotropic then 'N' end as PSYFL,
    case
        when not m.is_antidepressant or not c.is_possible then 'N'
        when m.start_earliest > p.first_on or m.end_latest < p.first_on - e.chronic_antidepressant_days then 'N'
        when
            m.is_antidepressant and c.is_sure
            and m.start_latest <= p.first_on and m.end_earliest >= p.first_on - e.chronic_antidepressant_days
            then 'Y'
        else 'U'
    end as ADCHRFL,
    case when m.is_prohibited then 'Y' when not m.is_prohibited then 'N' end as PROHIBFL,
    m.source_file::varchar as SRCFILE,
    m.source_row as SRCROW,
from core.medication as m
inner join core.subject as s on m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
left join core.treatment_period as p on m.study = p.study and m.site = p.site and m.subject_id = p.subject_id
left join core.antidepressant_course as c
    on m.study = c.study and m.site = c.site and m.subject_id = c.subject_id and coalesce(m.ingredient, '') = c.ingredient
cross join ref.evidence as e
order by s.subject_no, m.med_seq
