-- adcm, adae, addv of one batch; adqs and aditem as views: the long tables are made while they are written.
create table base as
select f.usubjid, list_transform(f.scores, lambda v, n: case when not f.is_crowded or list_contains(u.nths, n) then v end) as base_scores, f.form_row
from form as f left join form_used as u using (form_row) where f.visit = 'BASELINE' and (not f.is_crowded or u.form_row is not null);

create table base_of as
select usubjid, list_reduce(list(base_scores), lambda a, b: list_transform(a, lambda v, n: coalesce(v, b[n]))) as base_scores from base group by usubjid;

create table one_base as select usubjid, severity, source_row from item_one where visit = 'BASELINE' and is_used;

create view adqs as
with long as (
    select
        f.site_no, f.usubjid, 'LSAS'::text_t as instrument, f.visit, f.visit_order, f.assessed_on, f.study_day, f.target_day, f.target_diff, f.from_day, f.to_day,
        unnest({paramcds}::text_t[]) as paramcd, unnest({params}::text_t[]) as param, unnest(f.scores) as aval, unnest(b.base_scores) as base,
        unnest([48, 24, 24, 13, 13, 11, 11]) as n_items, unnest(f.answered) as n_answered, unnest([f.reported]) as reported, unnest([144.0, 72, 72, 39, 39, 33, 33]::double[]) as highest,
        unnest(case when f.is_crowded then list_transform([1, 2, 3, 4, 5, 6, 7], lambda n: list_contains(u.nths, n)) else list_transform(f.scores, lambda v: v is not null) end) as may_be_used,
        f.source_file, f.source_row,
    from form as f left join base_of as b using (usubjid) left join form_used as u using (form_row)
    union all
    select
        o.site_no, o.usubjid, 'SPD-S', o.visit, o.visit_order, o.assessed_on, o.study_day, o.target_day, o.target_diff, o.from_day, o.to_day,
        'SPDS', 'Social Phobic Disorders Severity Form', o.severity, b.severity, 1, (o.severity is not null)::int, null, null, o.is_used, o.source_file, o.source_row,
    from item_one as o left join one_base as b using (usubjid)
),
used as (
    select *, coalesce(may_be_used and aval is not null and visit <> 'UNSCHEDULED', false) as is_used from long where n_answered > 0 or reported is not null
)
select
    l.site_no, '{study}'::text_t as STUDYID, l.usubjid as USUBJID, i.site as SITEID, l.instrument as PARCAT1, l.paramcd as PARAMCD, l.param as PARAM,
    l.visit as AVISIT, l.visit_order as AVISITN, l.assessed_on as ADT, l.study_day as ADY, l.aval as AVAL, l.base as BASE,
    case when not (l.visit = 'BASELINE' and is_used) then l.aval - l.base end as CHG,
    case when not (l.visit = 'BASELINE' and is_used) and l.base <> 0 then 100 * (l.aval - l.base) / l.base end as PCHG,
    case when l.visit = 'BASELINE' and is_used then 'Y'::text_t end as ABLFL, case when is_used then 'Y'::text_t end as ANL01FL,
    case when l.n_answered < l.n_items and l.aval is not null then 'AVERAGE'::text_t end as DTYPE, l.n_items as NITEMS, l.n_answered as NANSW,
    l.reported as AVALREP, case when l.n_answered = l.n_items then l.reported - l.aval end as TOTDIFF,
    case when l.highest is null then 100 * (l.aval - 1) / 6 else 100 * l.aval / l.highest end as POMP,
    l.target_day as AWTARGET, l.target_diff as AWTDIFF, l.from_day as AWLO, l.to_day as AWHI, l.source_file as SRCFILE, l.source_row as SRCROW,
from used as l join site as i using (site_no);

create view aditem as
with apart as (
    select site_no, usubjid, 'LSAS'::text_t as instrument, unnest({item_codes}::item_t[]) as item, visit, assessed_on, unnest(item_values)::double as aval, source_file, source_row,
    from form
    union all
    select site_no, usubjid, 'SPD-S'::text_t, 'SPDS'::item_t, visit, assessed_on, severity, source_file, source_row from item_one
)
select
    f.site_no, '{study}'::text_t as STUDYID, f.usubjid as USUBJID, i.site as SITEID, f.instrument as PARCAT1, f.item as ITEMCD,
    f.visit as AVISIT, f.assessed_on as ADT, f.aval as AVAL, f.source_file as SRCFILE, f.source_row as SRCROW,
from apart as f join site as i using (site_no)
where f.aval is not null;

create table adcm as
select
    m.site_no, '{study}'::text_t as STUDYID, m.usubjid as USUBJID, i.site as SITEID, m.med_seq as CMSEQ, m.verbatim as CMTRT, m.cleaned as CMMODIFY,
    m.ingredient as CMDECOD, m.class as CMCLAS, m.atc as CMCLASCD, m.codestat as CODESTAT, m.told as CMSUGG, m.start_dtc as CMSTDTC, m.end_dtc as CMENDTC,
    m.start_on as ASTDT, m.start_imputed as ASTDTF, m.end_on as AENDT, m.end_imputed as AENDTF, yn(m.ongoing) as ONGOFL,
    case when d.n_taken is null then null when m.start_latest < d.first_on then 'Y' when m.start_earliest >= d.known_first_on then 'N' end as PREFL,
    case when d.n_taken is null then 'N' when m.start_latest <= d.known_last_on and m.end_earliest >= d.known_first_on then 'Y'
        when m.start_earliest > d.last_on or m.end_latest < d.first_on then 'N' end as ONTRTFL,
    yn(m.is_antidepressant) as ADFL, yn(m.is_ssri) as SSRIFL, yn(m.is_psychotropic) as PSYFL,
    case when not m.is_antidepressant or not c.is_possible then 'N' when m.start_earliest > d.first_on or m.end_latest < d.first_on - 60 then 'N'
        when m.is_antidepressant and c.is_sure and m.start_latest <= d.first_on and m.end_earliest >= d.first_on - 60 then 'Y' else 'U' end as ADCHRFL,
    yn(m.is_prohibited) as PROHIBFL, m.source_file as SRCFILE, m.source_row as SRCROW,
from medication as m
join site as i using (site_no)
left join treatment as d using (usubjid)
left join chronic_course as c on c.usubjid = m.usubjid and c.ingredient = coalesce(m.ingredient, '')
order by m.usubjid, med_seq;

create table adae as
with taken as (
    select usubjid, dosed_on, dose_no, lead(dosed_on) over w is null and lead(dose_no) over w is not null as is_next_undated,
    from dose_timing where taken window w as (partition by usubjid order by dose_no)
),
latest as (
    select e.usubjid, e.ae_seq, max(d.dosed_on) as dosed_on, arg_max(d.is_next_undated, d.dose_no) as is_next_undated,
    from event as e join taken as d on d.usubjid = e.usubjid and d.dosed_on <= e.start_on where length(e.start_dtc) = 10 group by all
),
doubted as (
    select distinct e.usubjid, e.ae_seq
    from event as e join latest as l using (usubjid, ae_seq) join loose_dose as q on q.usubjid = e.usubjid
    where q.dosed_on is null or (q.dosed_on > l.dosed_on and q.dosed_on <= e.start_on)
)
select
    e.site_no, '{study}'::text_t as STUDYID, e.usubjid as USUBJID, i.site as SITEID, e.ae_seq as AESEQ, e.verbatim as AETERM, e.term as AEDECOD,
    e.start_dtc as AESTDTC, e.start_on as ASTDT, date_part_imputed(e.start_dtc) as ASTDTF, e.severity as AESEV, yn(e.serious) as AESER, e.related as AEREL,
    case when d.n_taken is null and q.n_doubtful is not null and (q.earliest_on is null or e.start_latest is null or q.earliest_on <= e.start_latest) then 'U'
        when d.n_taken is null then 'N' when e.start_on >= d.known_first_on then 'Y' when e.start_latest < d.first_on then 'N' else 'U' end as TRTEMFL,
    case when not l.is_next_undated and u.ae_seq is null then e.start_on - l.dosed_on end as DAYSLDOS,
    case when e.special_interest <> '' then 'Y' end as AESIFL, nullif(e.special_interest, '') as AESICAT, yn(e.expected) as AEEXPFL,
    e.source_file as SRCFILE, e.source_row as SRCROW,
from event as e
join site as i using (site_no)
left join treatment as d using (usubjid)
left join latest as l on l.usubjid = e.usubjid and l.ae_seq = e.ae_seq
left join doubted as u on u.usubjid = e.usubjid and u.ae_seq = e.ae_seq
left join doubtful as q on q.usubjid = e.usubjid
order by e.usubjid, e.ae_seq;

create table addv as
select
    v.site_no, '{study}'::text_t as STUDYID, v.usubjid as USUBJID, i.site as SITEID, v.dv_seq as DVSEQ, v.cat as DVCAT, v.decod as DVDECOD,
    yn(v.is_major) as DVMAJFL, v.on_day as DVSTDT, v.session_no as SESSNO, v.term as DVTERM, v.source_file as SRCFILE, v.source_row as SRCROW,
from deviation as v join site as i using (site_no)
order by usubjid, dv_seq;
