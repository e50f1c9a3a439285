-- sdtm.ex: SDTM-shaped exposure: the doses taken, with the treatment of the participant's arm
-- Grain: STUDYID, USUBJID, EXSEQ
-- Reads: sdtm.ec, release.adex, release.adsl, ref.arm, ref.open_trial
-- Why:   only of trials that are not blinded. Placebo is a dose of 0. The treatment is the arm's label, because a trial file names no
--        drug; it is null where the arm is not known
select
    c.STUDYID,
    'EX' as DOMAIN,
    c.USUBJID,
    c.ECSEQ as EXSEQ,
    case when a.placebo then 'PLACEBO' else upper(a.label) end as EXTRT,
    case when a.placebo then 0 else c.ECDOSE end as EXDOSE,
    case when not a.placebo then c.ECDOSTXT end as EXDOSTXT,
    case when a.placebo or c.ECDOSE is not null then 'mg' end as EXDOSU,
    c.ECDOSFRM as EXDOSFRM,
    c.VISITNUM,
    c.VISIT,
    c.ECSTDTC as EXSTDTC,
    c.ECENDTC as EXENDTC,
    c.ECSTDY as EXSTDY,
    c.ECENDY as EXENDY,
    c.ECTPT as EXTPT,
    c.ECTPTNUM as EXTPTNUM,
    c.ECTPTREF as EXTPTREF,
    c.ECRFTDTC as EXRFTDTC,
from sdtm.ec as c
inner join ref.open_trial as o on c.STUDYID = o.study
inner join release.adex as x on c.STUDYID = x.STUDYID and c.USUBJID = x.USUBJID and c.ECSEQ = x.EXSEQ and x.EXOCCUR = 'Y'
left join release.adsl as s on c.STUDYID = s.STUDYID and c.USUBJID = s.USUBJID
left join ref.arm as a on c.STUDYID = a.study and s.TRT01A = a.label
order by c.STUDYID, c.USUBJID, c.ECSEQ
