-- adcm, adae, addv of one batch; adqs and aditem as views: the long tables are made while they are written.
create table base as select usubjid, scores as base_scores from form where visit = 'BASELINE' and is_used;

create table one_base as select usubjid, severity from item_one where visit = 'BASELINE' and is_used;

create view adqs as
with long as (
    select
        f.site_no, f.usubjid, 'LSAS'::text_t as instrument, f.visit, f.visit_order, f.assessed_on, f.study_day, f.is_used, f.target_day, f.from_day, f.to_day,
        unnest({paramcds}::text_t[]) as paramcd, unnest({params}::text_t[]) as param, unnest(f.scores) as aval, unnest(b.base_scores) as base,
        unnest([48, 24, 24, 13, 13, 11, 11]) as n_items, unnest(f.answered) as n_answered, unnest([f.reported]) as reported, unnest([144.0, 72, 72, 39, 39, 33, 33]::double[]) as highest,
        f.source_file, f.source_row,
    from form as f left join base as b using (usubjid)
    union all
    select
        o.site_no, o.usubjid, 'SPD-S', o.visit, o.visit_order, o.assessed_on, o.study_day, o.is_used, o.target_day, o.from_day, o.to_day,
        'SPDS', 'Social Phobic Disorders Severity Form', o.severity, b.severity, 1, (o.severity is not null)::int, null, null, o.source_file, o.source_row,
    from item_one as o left join one_base as b using (usubjid)
)
select
    l.site_no, '{study}'::text_t as STUDYID, l.usubjid as USUBJID, i.site as SITEID, l.instrument as PARCAT1, l.paramcd as PARAMCD, l.param as PARAM,
    l.visit as AVISIT, l.visit_order as AVISITN, l.assessed_on as ADT, l.study_day as ADY, l.aval as AVAL, l.base as BASE,
    case when l.visit <> 'BASELINE' then l.aval - l.base end as CHG,
    case when l.visit <> 'BASELINE' and l.base <> 0 then 100 * (l.aval - l.base) / l.base end as PCHG,
    case when l.visit = 'BASELINE' and l.is_used then 'Y'::text_t end as ABLFL, case when l.is_used then 'Y'::text_t end as ANL01FL,
    case when l.n_answered < l.n_items and l.aval is not null then 'AVERAGE'::text_t end as DTYPE, l.n_items as NITEMS, l.n_answered as NANSW,
    l.reported as AVALREP, case when l.n_answered = l.n_items then l.reported - l.aval end as TOTDIFF,
    case when l.highest is null then 100 * (l.aval - 1) / 6 else 100 * l.aval / l.highest end as POMP,
    l.target_day as AWTARGET, l.study_day - l.target_day as AWTDIFF, l.from_day as AWLO, l.to_day as AWHI, l.source_file as SRCFILE, l.source_row as SRCROW,
from long as l join site as i using (site_no);

create view aditem as
select
    f.site_no, '{study}'::text_t as STUDYID, f.usubjid as USUBJID, i.site as SITEID, 'LSAS'::text_t as PARCAT1, unnest({item_codes}::item_t[]) as ITEMCD,
    f.visit as AVISIT, f.assessed_on as ADT, unnest(f.item_values)::double as AVAL, f.source_file as SRCFILE, f.source_row as SRCROW,
from form as f join site as i using (site_no)
union all
select
    o.site_no, '{study}'::text_t, o.usubjid, i.site, 'SPD-S'::text_t, 'SPDS'::item_t, o.visit, o.assessed_on, o.severity, o.source_file, o.source_row
from item_one as o join site as i using (site_no);

create table adcm as
select
    m.site_no, '{study}'::text_t as STUDYID, m.usubjid as USUBJID, i.site as SITEID, m.med_seq as CMSEQ, m.verbatim as CMTRT, m.cleaned as CMMODIFY,
    m.ingredient as CMDECOD, m.class as CMCLAS, m.atc as CMCLASCD, m.codestat as CODESTAT, null::varchar as CMSUGG, m.start_dtc as CMSTDTC, m.end_dtc as CMENDTC,
    m.start_on as ASTDT, m.start_imputed as ASTDTF, m.end_on as AENDT, m.end_imputed as AENDTF, yn(m.ongoing) as ONGOFL,
    case when m.start_latest < d.first_on then 'Y' when m.start_earliest >= d.first_on then 'N' when d.first_on is not null then 'U' end as PREFL,
    ynu(m.end_earliest >= d.first_on and m.start_latest <= d.last_on, m.end_latest >= d.first_on and m.start_earliest <= d.last_on) as ONTRTFL,
    yn(m.is_antidepressant) as ADFL, yn(m.is_ssri) as SSRIFL, yn(m.is_psychotropic) as PSYFL, coalesce(c.chronic, 'N') as ADCHRFL,
    yn(m.is_prohibited) as PROHIBFL, m.source_file as SRCFILE, m.source_row as SRCROW,
from medication as m
join site as i using (site_no)
left join subject_dose as d using (usubjid)
left join chronic_antidepressant as c using (usubjid, med_seq)
order by usubjid, med_seq;

create table adae as
select
    e.site_no, '{study}'::text_t as STUDYID, e.usubjid as USUBJID, i.site as SITEID, e.ae_seq as AESEQ, e.verbatim as AETERM, e.term as AEDECOD,
    e.start_dtc as AESTDTC, e.start_on as ASTDT, date_part_imputed(e.start_dtc) as ASTDTF, e.severity as AESEV, yn(e.serious) as AESER, e.related as AEREL,
    ynu(e.start_on >= d.first_on, e.start_dtc is null or e.start_latest >= d.first_on) as TRTEMFL, e.start_on - p.dosed_on as DAYSLDOS,
    case when e.special_interest <> '' then 'Y' end as AESIFL, nullif(e.special_interest, '') as AESICAT, yn(e.expected) as AEEXPFL,
    e.source_file as SRCFILE, e.source_row as SRCROW,
from event as e
join site as i using (site_no)
left join subject_dose as d using (usubjid)
asof left join (select usubjid, dosed_on from dose_timing where taken and dosed_on is not null) as p
    on p.usubjid = e.usubjid and p.dosed_on <= e.start_on
order by e.usubjid, e.ae_seq;

create table addv as
select
    v.site_no, '{study}'::text_t as STUDYID, v.usubjid as USUBJID, i.site as SITEID, v.dv_seq as DVSEQ, v.cat as DVCAT, v.decod as DVDECOD,
    yn(v.is_major) as DVMAJFL, v.on_day as DVSTDT, v.session_no as SESSNO, v.term as DVTERM, v.source_file as SRCFILE, v.source_row as SRCROW,
from deviation as v join site as i using (site_no)
order by usubjid, dv_seq;
