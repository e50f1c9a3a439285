-- What is asked of values that stand: queries and notes that change nothing. Reads every table before.
create macro told(list) as unnest(list_filter(list, x -> x is not null));

insert into finding
with possible as (
    select usubjid from doubtful
    union
    select usubjid from dose_timing where taken and dose_mg is null
    union
    select usubjid from relevant_medication where is_unknown and ingredient is null and start_earliest is null and start_latest is null and end_latest is null
        and is_antidepressant is null and usubjid in (select usubjid from treatment)
    union
    select m.usubjid from medication as m join treatment as t using (usubjid)
    where m.is_prohibited is not false and not coalesce(m.end_latest < t.first_on, false) and not coalesce(m.start_earliest > t.last_on, false)
        and not coalesce(m.is_prohibited and m.start_latest <= t.last_on and m.end_earliest >= t.first_on, false)
),
asked as (
    select s.*, d.n_dose, q.n_doubtful, v.usubjid is not null as has_major, p.usubjid is not null as may_deviate, b.usubjid is not null as has_baseline,
    from subject as s
    left join subject_dose as d using (usubjid)
    left join doubtful as q using (usubjid)
    left join (select distinct usubjid from deviation where is_major) as v using (usubjid)
    left join possible as p using (usubjid)
    left join (select usubjid from form where visit = 'BASELINE' and total is not null group by usubjid) as b using (usubjid)
)
select told([
        case when (n_dose is null and n_doubtful > 0) or (not has_major and randomized_on is not null and may_deviate) then 'population_in_doubt' end,
        case when randomized_on is not null and not has_baseline then 'baseline_missing' end,
        case when randomized_on - consented_on > 180 then 'consent_far_from_randomization' end,
        case when randomized_on < consented_on then 'randomized_before_consent' end,
        case when withdrawn_on < consented_on then 'withdrawn_before_consent' end,
        case when age_years >= 18 and weight_kg not between 35 and 200 then 'weight_unusual' end,
    ]), 'query', site_no, 'subject', subject_id, '', null, source_file, source_row
from asked
union all
select told([
        case when t.consent_raw is null then 'consent_missing' end, case when t.sex_raw is null then 'sex_missing' end,
        case when t.age_raw is null then 'age_missing' end, case when t.weight_raw is null then 'weight_missing' end,
    ]), 'note', s.site_no, 'subject', s.subject_id, '', null, s.source_file, s.source_row
from subject_typed as t join subject as s using (source_file, source_row);

-- two participants with the same ratings, or the same age, sex, weight and days
insert into finding
with known as (
    select s.site_no, s.usubjid, hash(list((session_no, exercise_no, begin_suds, peak_suds, end_suds) order by session_no, exercise_no))::varchar as mark
    from rating as r join subject as s using (usubjid) group by all
    having count(begin_suds) + count(peak_suds) + count(end_suds) >= 20 and count(distinct begin_suds) >= 3
    union all
    select site_no, usubjid, concat_ws('|', sex, age_years, weight_kg, consented_on, randomized_on) from subject
    where sex is not null and age_years is not null and weight_kg is not null and consented_on is not null and randomized_on is not null
)
select distinct 'subject_twice', 'query', a.site_no, 'subject', a.usubjid, '', null, null, null
from known as a join (select site_no, mark from known group by all having count(*) > 1) as t using (site_no, mark);

insert into finding
with held as (
    select v.usubjid, v.session_no, v.started_on, v.started_on < lag(v.started_on) over course as is_earlier,
        coalesce(v.started_on - lag(v.started_on) over course, v.started_on - s.randomized_on) as days_since,
    from session as v join subject as s using (usubjid) where v.attended and v.started_on is not null
    window course as (partition by v.usubjid order by v.session_no)
),
broken as (select distinct usubjid from held where is_earlier),
out_of_order as (
    select h.usubjid, h.session_no,
        count(*) filter ((h.session_no < o.session_no and h.started_on > o.started_on) or (h.session_no > o.session_no and h.started_on < o.started_on)) as n_against,
    from held as h join broken using (usubjid) join held as o using (usubjid) group by h.usubjid, h.session_no
    qualify n_against = max(n_against) over (partition by h.usubjid)
),
asked as (
    select v.*, s.consented_on, s.withdrawn_on, h.days_since, o.usubjid is not null as is_out_of_order, h.usubjid is not null as is_held,
        b.usubjid is not null as is_broken, count(v.ended_at_utc) over (partition by v.site_no) > 0 as site_sends_ends,
        (epoch(v.ended_at_utc) - epoch(v.started_at_utc)) / 60 as minutes,
    from session as v join subject as s using (usubjid)
    left join held as h using (usubjid, session_no) left join out_of_order as o using (usubjid, session_no) left join broken as b using (usubjid)
)
select told([
        case when attended is null and attended_raw is null then 'attended_missing' end,
        case when attended and start_raw is null then 'session_start_missing' end,
        case when attended and started_on < consented_on then 'session_before_consent' end,
        case when attended and started_on > withdrawn_on then 'session_after_withdrawal' end,
        case when is_held and site_sends_ends and end_raw is null and ended_at_utc is null then 'session_end_missing' end,
        case when is_out_of_order then 'session_out_of_order' end,
        case when not is_broken and days_since > 120 then 'session_gap_long' end,
        case when minutes between 10 and 360 and minutes not between 30 and 270 then 'session_length_far_from_plan' end,
        case when exposure_started_at_utc < started_at_utc or exposure_started_at_utc >= ended_at_utc then 'exposure_outside_session' end,
    ]), 'query', site_no, 'session', usubjid || '|' || session_no, '', null, source_file, source_row
from asked;

insert into finding
with usual as (select usubjid, mode(dose_mg) as dose_mg from dose_timing where taken group by usubjid having count(dose_mg) >= 3),
thorough as (select distinct site_no from dose_timing where not taken)
select told([
        case when d.taken is null and d.taken_raw is null then 'dose_taken_missing' end,
        case when d.taken and d.dosed_raw is null then 'dose_time_missing' end,
        case when d.taken and d.dose_text is null then 'dose_amount_missing' end,
        case when not d.taken and d.dosed_at_utc is not null then 'dose_not_taken_with_time' end,
        case when d.taken and (s.randomized_on is null or d.dosed_on < s.randomized_on) then 'dose_not_randomized' end,
        case when d.timing <> 'UNKNOWN' and d.lag_start <= 0 then 'dose_on_wrong_side' end,
        case when d.timing <> 'UNKNOWN' and d.lag_start > 300 then 'dose_far_from_window' end,
        case when d.taken and d.in_window is not true and (d.lag_start + 720 between 60 and 120 or d.lag_start - 720 between 60 and 120) then 'am_pm_slip' end,
        case when d.taken and not d.attended then 'dose_session_not_attended' end,
        case when d.taken and d.dose_mg <> u.dose_mg then 'dose_amount_changes' end,
    ]), 'query', d.site_no, 'dose', concat_ws('|', d.usubjid, d.session_no, 'PRE', d.dosed_raw), '', null, d.source_file, d.source_row
from dose_timing as d join subject as s using (usubjid) left join usual as u using (usubjid)
union all
select 'dose_record_missing', 'query', v.site_no, 'planned_dose', v.usubjid || '|' || v.session_no, '', null, v.source_file, v.source_row
from session as v join thorough using (site_no)
left join (select distinct usubjid, session_no from dose_timing union select usubjid, unnest(session_nos) from loose_dose) as d using (usubjid, session_no)
where v.attended and v.session_no between 3 and 7 and d.usubjid is null
union all
select 'site_timing_off', 'query', site_no, 'site_timing', '', '', null, null, null
from dose_timing where taken group by site_no having count(in_window) >= 10 and 2 * count(*) filter (not in_window) > count(in_window);

insert into finding
select told([
        case when k.usubjid is null then 'rating_without_session' end, case when not k.attended then 'rating_session_not_attended' end,
        case when r.peak_suds < greatest(r.begin_suds, r.end_suds) then 'suds_peak_too_low' end,
    ]), 'query', r.site_no, 'rating', concat_ws('|', r.usubjid, r.session_no, r.exercise_no), '', null, r.source_file, r.source_row
from rating_typed as r
left join rating_dup as d on d.usubjid = r.usubjid and d.session_no = r.session_no and d.exercise_no = r.exercise_no
left join session as k on k.usubjid = r.usubjid and k.session_no = r.session_no
where r.reason is null and (d.usubjid is null or (not d.is_conflict and d.first_row = r.source_row))
union all
select 'exercise_numbers_odd', 'query', s.site_no, 'session_exercise', e.usubjid || '|' || e.session_no, '', null, null, null
from session_exercise as e join subject as s using (usubjid) where not e.is_numbered and e.is_peak_told
union all
select case when count(*) filter (begin_suds > end_suds) * 5 < count(*) then 'suds_never_falls_site' else 'suds_scale_suspect_site' end, 'query', site_no, 'site_suds', '', '', null, null, null
from rating where begin_suds is not null and end_suds is not null group by site_no
having count(*) >= 20 and (max(greatest(begin_suds, peak_suds, end_suds)) <= 10 or count(*) filter (begin_suds > end_suds) * 5 < count(*))
union all
select 'suds_scale_suspect', 'query', s.site_no, 'subject_suds', r.usubjid, '', null, null, null
from rating as r join subject as s using (usubjid) group by s.site_no, r.usubjid
having count(begin_suds) + count(end_suds) >= 8 and max(greatest(begin_suds, peak_suds, end_suds)) <= 10;

insert into finding
with again as (
    select usubjid, source_row, row_number() over (partition by usubjid, ingredient, start_dtc order by source_row) as nth
    from medication where ingredient is not null and start_dtc is not null
)
select told([
        case when m.codestat in ('EXACT_INGREDIENT', 'EXACT_BRAND') and (m.codestat <> 'EXACT_INGREDIENT' or m.cleaned <> lower(trim(m.verbatim))) then 'medication_name_cleaned' end,
        case when m.by_use then 'medication_by_use' end, case when a.nth = 2 then 'medication_repeated' end,
        case when m.ongoing and m.end_dtc is not null then 'medication_ongoing_with_end' end,
        case when not m.ongoing and m.end_dtc is null then 'medication_end_missing' end,
        case when m.is_prohibited and not coalesce(m.end_latest < t.first_on, false) then 'medication_prohibited' end,
    ]), 'query', m.site_no, 'medication', concat_ws('|', m.usubjid, m.verbatim), '', null, m.source_file, m.source_row
from medication as m left join again as a using (usubjid, source_row) left join treatment as t on t.usubjid = m.usubjid
union all
select told([
        case when e.start_latest < s.consented_on then 'adverse_event_before_consent' end,
        case when e.start_on > s.randomized_on + 196 + 180 then 'adverse_event_after_course' end,
        case when e.serious is null then 'adverse_event_serious_missing' end, case when e.severity is null then 'adverse_event_severity_missing' end,
        case when e.start_raw is null then 'adverse_event_start_missing' end, case when e.serious and e.severity = 'MILD' then 'adverse_event_serious_mild' end,
    ]), 'query', e.site_no, 'adverse_event', concat_ws('|', e.usubjid, e.verbatim), '', null, e.source_file, e.source_row
from event as e join subject as s using (usubjid);

-- questionnaires: what was not scored, copied, or one off
insert into finding
with full_form as (
    select site_no, usubjid, assessed_on, source_file, source_row, item_values, hash(item_values) as answers from form where answered[1] >= 20
),
copied as (
    select f.* from full_form as f join (select site_no, answers from full_form group by all having count(*) > 1) as c using (site_no, answers)
    where list_unique(f.item_values) >= 3
)
select told([
        case when answered[1] > 0 and list_contains(list_transform(scores, v -> v is null), true) then 'assessment_not_scored' end,
        case when answered[1] = 0 then 'assessment_empty' end, case when assessed_on < s.consented_on then 'assessment_before_consent' end,
        case when reported not between 0 and 144 then 'total_out_of_scale' end,
    ]), 'query', f.site_no, 'form', concat_ws('|', f.usubjid, 'LSAS', f.visit, f.assessed_on), '', null, f.source_file, f.source_row
from form as f join subject as s using (usubjid)
union all
select 'visit_out_of_window', 'query', site_no, 'form', concat_ws('|', usubjid, on_day), 'assessed_on', null, source_file, source_row
from deviation where decod = 'VISIT_OUT_OF_WINDOW'
union all
select 'assessment_copied', 'query', site_no, 'form', concat_ws('|', usubjid, 'LSAS', assessed_on), '', null, source_file, source_row from copied
union all
select 'items_shifted_form', 'query', f.site_no, 'form', concat_ws('|', f.usubjid, 'LSAS', f.visit), '', null, f.source_file, f.source_row
from form as f join form_typed as t on t.rowid = f.form_row
where t.bad is not null and list_min(f.item_values) >= 1 and len(list_filter(t.bad, x -> x.sent = '4')) >= 2
union all
select 'items_shifted', 'query', site_no, 'site_item', 'LSAS', '', null, null, null
from form group by site_no having min(list_min(item_values)) >= 1 and count(*) >= 20;
