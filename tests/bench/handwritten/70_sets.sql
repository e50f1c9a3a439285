-- The published sets of one batch, columns of the contract in order, rows in order of their key. aditem is unnested while it is written.
create view primary_used as
select * from form where total is not null and visit <> 'UNSCHEDULED'
    and (not is_crowded or form_row in (select form_row from form_used where list_contains(nths, 1)));

create table primary_base as select usubjid, assessed_on, total, scores from primary_used where visit = 'BASELINE';

create table ipd_part as
with counted as (
    select d.usubjid, d.session_no, d.timing, d.is_over60, d.outcome, coalesce(d.dosed_on, d.session_on) as day_on,
        coalesce(d.dosed_on, d.session_on, s.randomized_on) as earliest_on, coalesce(d.session_on, d.dosed_on, s.randomized_on) as held_on,
    from dose_timing as d join subject as s using (usubjid) where d.taken
),
doses_so_far as (
    select
        f.form_row, count(*) filter (d.day_on is not null) as n, count(*) filter (d.day_on is null) as n_undated,
        count(*) filter (d.timing = 'PRE_1_2H') / nullif(count(*) filter (d.timing <> 'UNKNOWN'), 0) as win12, count(*) filter (d.timing <> 'UNKNOWN') = count(*) as is_all_timed,
        count(*) filter (d.is_over60) / nullif(count(d.is_over60), 0) as over60, count(d.is_over60) = count(*) as is_all_over60,
    from primary_used as f join counted as d on d.usubjid = f.usubjid and coalesce(d.earliest_on <= f.assessed_on, d.earliest_on is null)
    where f.assessed_on is not null group by f.form_row
),
sessions_so_far as (
    select
        f.form_row, count(distinct d.session_no) filter (d.outcome = 'GOOD') / nullif(count(distinct d.session_no), 0) as good,
        bool_and(coalesce(d.outcome, 'UNKNOWN') <> 'UNKNOWN') as is_all_outcome,
    from primary_used as f join counted as d on d.usubjid = f.usubjid and coalesce(d.held_on <= f.assessed_on, d.held_on is null)
    where f.assessed_on is not null group by f.form_row
),
doubt as (
    select f.form_row, count(*) as n
    from primary_used as f join loose_dose as q on q.usubjid = f.usubjid join subject as s on s.usubjid = f.usubjid
    where q.is_unsure and coalesce(coalesce(q.day_on, s.randomized_on) <= f.assessed_on, true) group by f.form_row
),
chronic as (
    select usubjid, ynu(bool_or(is_sure), bool_or(coalesce(is_possible, true))) as chronic from chronic_course group by usubjid
),
known as (
    select f.*, coalesce(d.n, 0) as n, f.assessed_on is not null and coalesce(d.n_undated, 0) + coalesce(q.n, 0) = 0 as is_known,
        case when is_all_timed then win12 end as win12, case when is_all_over60 then over60 end as over60, case when is_all_outcome then good end as good,
    from primary_used as f left join doses_so_far as d using (form_row) left join sessions_so_far using (form_row) left join doubt as q using (form_row)
)
select
    s.site_no, s.usubjid::varchar as usubjid, i.site, f.visit, f.visit_order, f.study_day, (f.assessed_on - b.assessed_on) / 7.0 as week, f.total as aval,
    100 * f.total / 144 as pomp, 100 * b.total / 144 as pomp_base, case when f.is_known or f.n >= 9 then least(f.n, 9) end as n_capped,
    case when f.is_known then f.win12 end as pct_win12, case when f.is_known then f.over60 end as pct_gt60, case when f.is_known then f.good end as pct_good,
    m.ad_bl, c.chronic, s.age_years, s.sex,
from known as f
join subject as s using (usubjid)
join site as i on i.site_no = s.site_no
left join primary_base as b on b.usubjid = s.usubjid
left join subject_medication as m on m.usubjid = s.usubjid
left join chronic as c on c.usubjid = s.usubjid;

create table adsl as
with chronic as (
    select usubjid, ynu(bool_or(is_sure), bool_or(coalesce(is_possible, true))) as chronic from chronic_course group by usubjid
),
sessions as (
    select k.usubjid, count(*) as n_held, case when count(attended) = count(*) then count(*) filter (attended) end as n_sess,
        bool_or(u.outcome = 'UNKNOWN' and u.is_in_doubt) is true as is_in_doubt,
        count(*) filter (outcome = 'GOOD') as n_good, count(*) filter (outcome = 'BAD') as n_bad,
    from session as k left join session_suds as u using (usubjid, session_no) group by k.usubjid
),
set_aside as (
    select t.usubjid, bool_or(t.session_no between 1 and 12) is true as has_number
    from session_typed as t left join session_dup as d on d.usubjid = t.usubjid and d.session_no = t.session_no
    where t.attended is distinct from false and (t.reason is not null or d.is_conflict) group by all
)
select
    s.site_no, '{study}'::text_t as STUDYID, s.usubjid as USUBJID, s.site as SITEID, s.subject_id as SUBJID, 'SAD'::text_t as DISORDER,
    s.age_years as AGE, case when s.age_years < 18 then 'PEDIATRIC' when s.age_years >= 18 then 'ADULT' end as AGEGR1, s.sex as SEX,
    s.weight_kg as WEIGHTBL, s.consented_on as ICFDT, s.randomized_on as RANDDT, null::varchar as TRT01P, null::varchar as TRT01A, 'Y' as BLINDFL,
    yn(s.randomized_on is not null) as ITTFL, yn(d.n_dose > 0 is true) as SAFFL, yn(s.randomized_on is not null and coalesce(v.n_major, 0) = 0) as PPROTFL,
    t.first_on as TRTSDT, t.last_on as TRTEDT, case when q.n_doubtful is null then coalesce(d.n_dose, 0) end as NDOSE,
    case when q.n_doubtful is null or d.n_dose >= 9 then least(coalesce(d.n_dose, 0), 9) end as NDOSECAP,
    case when d.n_dose > 9 then 'Y' when coalesce(d.n_dose, 0) + coalesce(q.n_doubtful, 0) <= 9 then 'N' end as DOSE9FL,
    case when q.n_doubtful is null then case when d.n_dose is null then 0.0 else d.cum_dose end end as CUMDOSE,
    case when q.n_doubtful is null then coalesce(d.n_win12, 0) end as NWIN12, case when q.n_doubtful is null then coalesce(d.n_gt60, 0) end as NGT60,
    case when q.n_doubtful is null then coalesce(d.n_ge4h, 0) end as NGE4H, case when q.n_doubtful is null then coalesce(d.n_postim, 0) end as NPOSTIM,
    case when q.n_doubtful is null then coalesce(d.n_unknown, 0) end as NTIMUNK, case when x.usubjid is null then case when e.usubjid is null then 0 else e.n_sess end end as NSESS,
    case when x.usubjid is null and e.is_in_doubt is not true then coalesce(e.n_good, 0) end as NGOOD,
    case when x.usubjid is null and e.is_in_doubt is not true then coalesce(e.n_bad, 0) end as NBAD,
    m.ad_bl as ADBLFL, coalesce(c.chronic, 'N') as ADCHRFL, m.psy_bl as PSYBLFL,
    yn(s.is_withdrawn) as WDFL, s.withdrawn_on as WDDT, coalesce(v.n_dev, 0) as NDV, coalesce(v.n_major, 0) as NDVMAJ,
from subject as s
left join subject_dose as d using (usubjid)
left join treatment as t using (usubjid)
left join doubtful as q using (usubjid)
left join subject_medication as m using (usubjid)
left join (select usubjid, count(*) as n_dev, count(*) filter (is_major) as n_major from deviation group by usubjid) as v using (usubjid)
left join chronic as c using (usubjid)
left join sessions as e using (usubjid)
left join set_aside as x on x.usubjid = s.usubjid and (x.has_number or coalesce(e.n_held, 0) < 12)
order by usubjid;

create table adex as
select
    d.site_no, '{study}'::text_t as STUDYID, d.usubjid as USUBJID, i.site as SITEID, d.dose_seq as EXSEQ, d.session_no as SESSNO, 'PRE-SESSION' as EXTPT,
    yn(d.is_planned) as PLANFL, coalesce(yn(d.taken), 'U') as EXOCCUR, case when d.taken is distinct from false then d.dose_mg end as EXDOSE, case when EXDOSE is not null then 'mg' end as EXDOSU,
    d.dose_text as EXDOSORG, EXDOSE / d.weight_kg as DOSEMGKG,
    case when not d.taken then null when d.dose_mg < 50 then 'LT50' when d.dose_mg <= 250 then '50_250' when d.dose_mg > 250 then 'GT250' end as DOSECAT,
    yn(d.dose_mg > 250) as GT250FL, case when d.age_years < 18 then yn(d.dose_mg between 25 and 50) end as PEDDSFL,
    d.dosed_at_utc as EXSTDTM,
    case when d.dosed_at_utc is not null then strftime(d.dosed_local, '%Y-%m-%dT%H:%M:%S')
        || printf('%s%02d:%02d', case when d.dosed_offset_s < 0 then '-' else '+' end, abs(d.dosed_offset_s) // 3600, abs(d.dosed_offset_s) % 3600 // 60)
        when d.dosed_fault = 'partial_date' then d.dosed_raw else d.dosed_on::varchar end as EXSTDTC,
    d.started_at_utc as SESDTM, d.exposure_started_at_utc as EXPDTM, d.ended_at_utc as SEEDTM, case when d.is_end_imputed then 'Y' end as ENDIMPFL,
    d.lag_start as LAGSTRT, d.lag_exposure as LAGEXPO, d.lag_end as LAGEND, d.timing as TIMCAT, d.timing_reason as TIMREAS,
    case when d.timing <> 'UNKNOWN' then yn(d.timing = 'PRE_1_2H') end as WIN12FL,
    yn(d.is_over60) as GT60FL,
    case when d.timing <> 'UNKNOWN' then yn(d.timing = 'PRE_GE4H') end as GE4HFL,
    case when d.timing <> 'UNKNOWN' then yn(d.timing = 'POST_IMM') end as POSTIMFL, yn(d.in_window) as INWINFL,
    case when not d.is_number_in_doubt then d.dose_no end as DOSENUM, d.interval_days as DOSEINT,
    case when d.interval_days < 0 then null when d.interval_days < 2 then 'Y' when d.interval_days is not null or (d.dose_no = 1 and not d.is_number_in_doubt) then 'N' end as CHRONFL,
    coalesce(m.ad_fl, 'N') as ADDOSFL, coalesce(m.ssri_fl, 'N') as SSRIDFL,
    coalesce(m.bzd_fl, 'N') as BZDDFL, coalesce(m.psy_fl, 'N') as PSYDFL,
    coalesce(m.int_fl, 'N') as INTDFL, case when d.has_session then coalesce(d.outcome, 'UNKNOWN') end as SESSRES, null::varchar as TAILFL, d.source_file as SRCFILE, d.source_row as SRCROW,
from dose_timing as d
join site as i using (site_no)
left join dose_medication as m using (usubjid, dose_seq)
order by usubjid, dose_seq;

create table adsess as
with primary_record as (
    select usubjid, assessed_on, arg_min(total, coalesce(visit_order, 2147483647)) as total, min(visit_order) as visit_order
    from form where total is not null and assessed_on is not null group by all
),
in_doubt as (
    -- a form that holds nothing is none
    select f.usubjid, f.visit_order, f.assessed_on, case when f.assessed_on is null and f.visit = 'BASELINE' then s.randomized_on end as latest_on
    from form as f join subject as s using (usubjid)
    where (total is null or assessed_on is null) and (answered[1] > 0 or reported is not null)
),
dosed as (
    select usubjid, session_no, case when count(distinct timing) > 1 then 'UNKNOWN' else min(timing) end as timing
    from dose_timing where taken group by all
),
may_be as (select distinct usubjid, unnest(session_nos) as session_no from loose_dose),
held as (select usubjid, session_no, started_on from session where attended and started_on is not null),
around as (
    select h.*, b.assessed_on as before_on, b.visit_order as before_order, b.total as last_total, n.assessed_on as next_on, n.visit_order as next_order, n.total as next_total,
    from held as h asof left join primary_record as b on b.usubjid = h.usubjid and h.started_on >= b.assessed_on
    asof left join primary_record as n on n.usubjid = h.usubjid and h.started_on < n.assessed_on
),
doubted as (
    select a.usubjid, a.session_no, bool_or(coalesce(q.assessed_on, q.latest_on) > a.started_on or coalesce(q.assessed_on, q.latest_on) is null) as is_next, bool_or(q.assessed_on is null or q.assessed_on <= a.started_on) as is_last,
    from around as a join in_doubt as q using (usubjid)
    where case when q.assessed_on is not null then coalesce(q.assessed_on < a.next_on, true) and coalesce(q.assessed_on > a.before_on, true)
        else coalesce(q.visit_order < a.next_order, true) and coalesce(q.visit_order > a.before_order, true) end
    group by all
)
select
    k.site_no, '{study}'::text_t as STUDYID, k.usubjid as USUBJID, i.site as SITEID, k.session_no as SESSNO, yn(k.attended) as ATTFL,
    k.started_at_utc as SESDTM, k.ended_at_utc as SEEDTM, study_day(k.started_on, s.randomized_on) as SESDY,
    (epoch_us(k.ended_at_utc) - epoch_us(k.started_at_utc)) / 6e7 as DURMIN, case when u.usubjid is null then 0 else u.n_exercises end as NEXER,
    u.suds_begin as SUDSBEG, u.suds_peak as SUDSPEAK, u.suds_end as SUDSEND, u.reduction as SUDSRED, u.reduction_pct as SUDSREDP,
    'SUDSEND <= 40' as CRIT1, yn(u.crit1) as CRIT1FL, 'SUDSREDP >= 50' as CRIT2, yn(u.crit2) as CRIT2FL, coalesce(u.outcome, 'UNKNOWN') as SESSRES,
    case when d.usubjid is not null then 'Y' when m.usubjid is null then 'N' end as DOSEFL, d.timing as TIMCAT, null::varchar as TAILFL, 'LSASTOT' as PARAMCD,
    case when q.is_next is not true then a.next_total end as AVALNEXT, AVALNEXT - case when q.is_last is not true then a.last_total end as CHGNEXT,
    k.source_file as SRCFILE, k.source_row as SRCROW,
from session as k
join site as i using (site_no)
join subject as s using (usubjid)
left join session_suds as u using (usubjid, session_no)
left join dosed as d using (usubjid, session_no)
left join may_be as m using (usubjid, session_no)
left join around as a using (usubjid, session_no)
left join doubted as q using (usubjid, session_no)
order by k.usubjid, session_no;

create table adsuds as
select
    site_no, '{study}'::text_t as STUDYID, usubjid as USUBJID, site as SITEID, session_no as SESSNO, exercise_no as EXNO, begin_suds as SUDSBEG,
    peak_suds as SUDSPEAK, end_suds as SUDSEND, '0-100'::text_t as SUDSSCL, source_file as SRCFILE, source_row as SRCROW,
from rating join site using (site_no)
order by usubjid, session_no, exercise_no;
