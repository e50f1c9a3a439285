-- The published sets of one batch, columns of the contract in order, rows in order of their key. aditem is unnested while it is written.
create table ipd_part as
with doses_so_far as (
    select
        f.form_row, count(*) as n, count(*) filter (d.timing = 'PRE_1_2H') as n_win12,
        count(*) filter (d.timing_reason is null and coalesce(d.lag_exposure, d.lag_start) > 60) as n_gt60, count(*) filter (d.outcome = 'GOOD') as n_good,
    from form as f join dose_timing as d on d.usubjid = f.usubjid and d.dosed_on <= f.assessed_on
    where d.taken and f.is_used group by f.form_row
),
base as (select usubjid, assessed_on, total from form where visit = 'BASELINE' and is_used)
select
    s.site_no, s.usubjid::varchar as usubjid, i.site, f.visit, f.visit_order, f.study_day, (f.assessed_on - b.assessed_on) / 7.0 as week, f.total as aval,
    100 * f.total / 144 as pomp, 100 * b.total / 144 as pomp_base, least(coalesce(d.n, 0), 9) as n_capped,
    100.0 * d.n_win12 / d.n as pct_win12, 100.0 * d.n_gt60 / d.n as pct_gt60, 100.0 * d.n_good / d.n as pct_good,
    m.ad_bl, c.chronic, s.age_years, s.sex,
from form as f
join subject as s using (usubjid)
join site as i on i.site_no = s.site_no
left join doses_so_far as d using (form_row)
left join base as b on b.usubjid = s.usubjid
left join subject_medication as m on m.usubjid = s.usubjid
left join (select usubjid, coalesce(max(case chronic when 'Y' then 3 when 'U' then 2 else 1 end), 1) as level,
    case level when 3 then 'Y' when 2 then 'U' else 'N' end as chronic from chronic_antidepressant group by usubjid) as c on c.usubjid = s.usubjid
where f.is_used and f.total is not null;

create table adsl as
select
    s.site_no, '{study}'::text_t as STUDYID, s.usubjid as USUBJID, s.site as SITEID, s.subject_id as SUBJID, 'SAD'::text_t as DISORDER,
    s.age_years as AGE, case when s.age_years < 18 then 'PEDIATRIC' when s.age_years >= 18 then 'ADULT' end as AGEGR1, s.sex as SEX,
    s.weight_kg as WEIGHTBL, s.consented_on as ICFDT, s.randomized_on as RANDDT, null::varchar as TRT01P, null::varchar as TRT01A, 'Y' as BLINDFL,
    yn(s.randomized_on is not null) as ITTFL, yn(d.n_dose > 0 is true) as SAFFL, yn(coalesce(v.n_major, 0) = 0) as PPROTFL,
    d.first_on as TRTSDT, d.last_on as TRTEDT, coalesce(d.n_dose, 0) as NDOSE, least(coalesce(d.n_dose, 0), 9) as NDOSECAP,
    yn(coalesce(d.n_dose, 0) > 9) as DOSE9FL, d.cum_dose as CUMDOSE, coalesce(d.n_win12, 0) as NWIN12, coalesce(d.n_gt60, 0) as NGT60,
    coalesce(d.n_ge4h, 0) as NGE4H, coalesce(d.n_postim, 0) as NPOSTIM, coalesce(d.n_unknown, 0) as NTIMUNK, coalesce(e.n_sess, 0) as NSESS,
    coalesce(e.n_good, 0) as NGOOD, coalesce(e.n_bad, 0) as NBAD, m.ad_bl as ADBLFL, coalesce(c.chronic, 'N') as ADCHRFL, m.psy_bl as PSYBLFL,
    yn(s.is_withdrawn) as WDFL, s.withdrawn_on as WDDT, coalesce(v.n_dev, 0) as NDV, coalesce(v.n_major, 0) as NDVMAJ,
from subject as s
left join subject_dose as d using (usubjid)
left join subject_medication as m using (usubjid)
left join (select usubjid, count(*) as n_dev, count(*) filter (is_major) as n_major from deviation group by usubjid) as v using (usubjid)
left join (select usubjid, max_by(chronic, case chronic when 'Y' then 3 when 'U' then 2 else 1 end) as chronic from chronic_antidepressant group by usubjid) as c using (usubjid)
left join (select k.usubjid, count(*) filter (attended) as n_sess, count(*) filter (attended and outcome = 'GOOD') as n_good, count(*) filter (attended and outcome = 'BAD') as n_bad
    from session as k left join session_suds as u using (usubjid, session_no) group by k.usubjid) as e using (usubjid)
order by usubjid;

create table adex as
select
    d.site_no, '{study}'::text_t as STUDYID, d.usubjid as USUBJID, i.site as SITEID, d.dose_seq as EXSEQ, d.session_no as SESSNO, 'PRE-SESSION' as EXTPT,
    yn(d.is_planned) as PLANFL, coalesce(yn(d.taken), 'U') as EXOCCUR, case when d.taken then d.dose_mg end as EXDOSE, 'mg' as EXDOSU,
    d.dose_text as EXDOSORG, case when d.taken then d.dose_mg / d.weight_kg end as DOSEMGKG,
    case when not d.taken then null when d.dose_mg < 50 then 'LT50' when d.dose_mg <= 250 then '50_250' when d.dose_mg > 250 then 'GT250' end as DOSECAT,
    case when d.taken then yn(d.dose_mg > 250) end as GT250FL, case when d.taken and d.age_years < 18 then yn(d.dose_mg between 25 and 50) end as PEDDSFL,
    d.dosed_at_utc as EXSTDTM,
    case when d.dosed_at_utc is not null then strftime(d.dosed_local, '%Y-%m-%dT%H:%M')
        || printf('%s%02d:%02d', case when d.dosed_offset_s < 0 then '-' else '+' end, abs(d.dosed_offset_s) // 3600, abs(d.dosed_offset_s) % 3600 // 60)
        else d.dosed_on::varchar end as EXSTDTC,
    d.started_at_utc as SESDTM, d.exposure_started_at_utc as EXPDTM, d.ended_at_utc as SEEDTM, yn(d.is_end_imputed) as ENDIMPFL,
    d.lag_start as LAGSTRT, d.lag_exposure as LAGEXPO, d.lag_end as LAGEND, d.timing as TIMCAT, d.timing_reason as TIMREAS,
    case when d.timing <> 'UNKNOWN' then yn(d.timing = 'PRE_1_2H') end as WIN12FL,
    case when d.timing <> 'UNKNOWN' then yn(coalesce(d.lag_exposure, d.lag_start) > 60) end as GT60FL,
    case when d.timing <> 'UNKNOWN' then yn(d.timing = 'PRE_GE4H') end as GE4HFL,
    case when d.timing <> 'UNKNOWN' then yn(d.timing = 'POST_IMM') end as POSTIMFL, yn(d.in_window) as INWINFL,
    d.dose_no as DOSENUM, d.interval_days as DOSEINT, yn(d.interval_days < 2) as CHRONFL,
    case when d.taken then coalesce(m.ad_fl, 'N') end as ADDOSFL, case when d.taken then coalesce(m.ssri_fl, 'N') end as SSRIDFL,
    case when d.taken then coalesce(m.bzd_fl, 'N') end as BZDDFL, case when d.taken then coalesce(m.psy_fl, 'N') end as PSYDFL,
    case when d.taken then coalesce(m.int_fl, 'N') end as INTDFL, d.outcome as SESSRES, null::varchar as TAILFL, d.source_file as SRCFILE, d.source_row as SRCROW,
from dose_timing as d
join site as i using (site_no)
left join dose_medication as m using (usubjid, dose_seq)
order by usubjid, dose_seq;

create table adsess as
with primary_record as (
    select usubjid, assessed_on, total, lead(assessed_on) over w as next_on, lead(total) over w as next_total
    from (
        select usubjid, assessed_on, total from form where is_used and total is not null
        union all
        select usubjid, date '1900-01-01', null from subject
    )
    window w as (partition by usubjid order by assessed_on)
),
dosed as (
    select usubjid, session_no, case when count(distinct timing) > 1 then 'UNKNOWN' else min(timing) end as timing
    from dose_timing where taken group by all
),
around as (
    select k.*, p.total as last_total, p.next_total, p.next_on
    from session as k asof left join primary_record as p on p.usubjid = k.usubjid and p.assessed_on <= k.started_on
),
bounded as (
    select *, next_on <= coalesce(lead(next_on) over (partition by usubjid order by session_no), next_on) as counts from around
)
select
    k.site_no, '{study}'::text_t as STUDYID, k.usubjid as USUBJID, i.site as SITEID, k.session_no as SESSNO, yn(k.attended) as ATTFL,
    k.started_at_utc as SESDTM, k.ended_at_utc as SEEDTM, study_day(k.started_on, s.randomized_on) as SESDY,
    (epoch_us(k.ended_at_utc) - epoch_us(k.started_at_utc)) / 6e7 as DURMIN, coalesce(u.n_exercises, 0) as NEXER,
    u.suds_begin as SUDSBEG, u.suds_peak as SUDSPEAK, u.suds_end as SUDSEND, u.reduction as SUDSRED, u.reduction_pct as SUDSREDP,
    'SUDSEND <= 40' as CRIT1, yn(u.crit1) as CRIT1FL, 'SUDSREDP >= 50' as CRIT2, yn(u.crit2) as CRIT2FL, coalesce(u.outcome, 'UNKNOWN') as SESSRES,
    yn(d.usubjid is not null) as DOSEFL, d.timing as TIMCAT, null::varchar as TAILFL, 'LSASTOT' as PARAMCD,
    case when k.counts then k.next_total end as AVALNEXT, case when k.counts then k.next_total - k.last_total end as CHGNEXT,
    k.source_file as SRCFILE, k.source_row as SRCROW,
from bounded as k
join site as i using (site_no)
join subject as s using (usubjid)
left join session_suds as u using (usubjid, session_no)
left join dosed as d using (usubjid, session_no)
order by usubjid, session_no;

create table adsuds as
select
    site_no, '{study}'::text_t as STUDYID, usubjid as USUBJID, site as SITEID, session_no as SESSNO, exercise_no as EXNO, begin_suds as SUDSBEG,
    peak_suds as SUDSPEAK, end_suds as SUDSEND, '0-100'::text_t as SUDSSCL, source_file as SRCFILE, source_row as SRCROW,
from rating join site using (site_no)
order by usubjid, session_no, exercise_no;
