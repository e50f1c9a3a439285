-- analysis.adae: adverse events, treatment emergence and days since the last dose
-- Grain: USUBJID, AESEQ
-- Reads: core.adverse_event, core.subject, core.treatment_period, core.dose_timing, core.loose_dose, core.doubtful_dose
-- Why:   TRTEMFL: begun on or after the day of the first taken dose; N when none was taken, U when a partial or missing start or
--        an unknown first day leaves it open: after any dose whose day is known it is Y. DAYSLDOS: days from the last taken dose on or before a completely known start; null
--        when the next dose's day is unknown, for it may have been that one, and when a record that may be a dose lies between.
--        AEEXPFL is null where no term was found
with taken as (
    select
        study, site, subject_id, dosed_on, dose_no,
        coalesce(lead(dosed_on) over (partition by study, site, subject_id order by dose_no) is null, false)
        and lead(dose_no) over (partition by study, site, subject_id order by dose_no) is not null as is_next_undated,
    from core.dose_timing
    where taken
),
latest as (
    select
        a.study, a.site, a.subject_id, a.ae_seq,
        max(d.dosed_on) as dosed_on,
        arg_max(d.is_next_undated, d.dose_no) as is_next_undated,
    from core.adverse_event as a
    inner join taken as d
        on a.study = d.study and a.site = d.site and a.subject_id = d.subject_id and d.dosed_on <= a.start_on
    where a.start_imputed is null
    group by a.study, a.site, a.subject_id, a.ae_seq
),
doubted as (
    select distinct a.study, a.site, a.subject_id, a.ae_seq,
    from core.adverse_event as a
    inner join latest as l
        on a.study = l.study and a.site = l.site and a.subject_id = l.subject_id and a.ae_seq = l.ae_seq
    inner join core.loose_dose as q on a.study = q.study and a.site = q.site and a.subject_id = q.subject_id
    where (not q.is_kept or q.taken is null) and (q.dosed_on is null or (q.dosed_on > l.dosed_on and q.dosed_on <= a.start_on))
)

select
    a.study as STUDYID,
    s.usubjid as USUBJID,
    a.site as SITEID,
    a.ae_seq as AESEQ,
    a.verbatim as AETERM,
    a.term as AEDECOD,
    a.start_dtc as AESTDTC,
    a.start_on as ASTDT,
    a.start_imputed as ASTDTF,
    a.severity as AESEV,
    case when a.serious then 'Y' when not a.serious then 'N' end as AESER,
    a.related as AEREL,
    case
        when p.n_taken is null and q.n_doubtful is not null and (q.earliest_on is null or a.start_latest is null or q.earliest_on <= a.start_latest)
            then 'U'
        when p.n_taken is null then 'N'
        when a.start_earliest >= p.known_first_on then 'Y'
        when a.start_latest < p.first_on then 'N'
        else 'U'
    end as TRTEMFL,
    case when not l.is_next_undated and u.ae_seq is null then a.start_on - l.dosed_on end as DAYSLDOS,
    case when a.special_interest is not null then 'Y' end as AESIFL,
    a.special_interest as AESICAT,
    case when a.is_expected then 'Y' when not a.is_expected then 'N' end as AEEXPFL,
    a.source_file::varchar as SRCFILE,
    a.source_row as SRCROW,
from core.adverse_event as a
inner join core.subject as s on a.study = s.study and a.site = s.site and a.subject_id = s.subject_id
left join core.treatment_period as p on a.study = p.study and a.site = p.site and a.subject_id = p.subject_id
left join latest as l
    on a.study = l.study and a.site = l.site and a.subject_id = l.subject_id and a.ae_seq = l.ae_seq
left join doubted as u
    on a.study = u.study and a.site = u.site and a.subject_id = u.subject_id and a.ae_seq = u.ae_seq
left join core.doubtful_dose as q on a.study = q.study and a.site = q.site and a.subject_id = q.subject_id
order by s.subject_no, a.ae_seq
