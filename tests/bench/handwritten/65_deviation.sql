-- subject_dose, chronic_course, deviation: what the doses, sessions and visits of a subject amount to.
create table subject_dose as
select
    usubjid, count(*) as n_dose, case when count(dose_mg) = count(*) then sum(dose_mg) end as cum_dose,
    count(*) filter (timing = 'PRE_1_2H') as n_win12, count(*) filter (is_over60) as n_gt60,
    count(*) filter (timing = 'PRE_GE4H') as n_ge4h, count(*) filter (timing = 'POST_IMM') as n_postim,
    count(*) filter (timing = 'UNKNOWN') as n_unknown,
from dose_timing where taken group by usubjid;

-- an antidepressant is chronic when its courses, laid end to end, cover the 60 days before the first dose
create table chronic_course as
with unknown as (
    select usubjid, coalesce(start_earliest, date '0001-01-01') as starts_on, coalesce(end_latest, date '9999-12-31') as ends_on
    from relevant_medication where is_unknown
),
course as (
    select distinct usubjid, ingredient from relevant_medication where is_antidepressant union all select distinct usubjid, '' from unknown
),
period as (
    select usubjid, ingredient, true as is_sure, start_latest as starts_on, end_earliest as ends_on
    from relevant_medication where is_antidepressant and start_latest <= end_earliest
    union all
    select usubjid, ingredient, false, coalesce(start_earliest, date '0001-01-01'), coalesce(end_latest, date '9999-12-31')
    from relevant_medication where is_antidepressant
    union all
    select usubjid, c.ingredient, false, u.starts_on, u.ends_on from course as c join unknown as u using (usubjid)
),
stepped as (
    select p.*, t.first_on,
        max(p.ends_on) over (partition by p.usubjid, p.ingredient, p.is_sure order by p.starts_on, p.ends_on rows between unbounded preceding and 1 preceding) as covered_to,
    from period as p join treatment as t using (usubjid)
    where p.starts_on <= t.first_on and p.ends_on >= t.first_on - 60
),
covered as (
    select usubjid, ingredient, is_sure,
        bool_and(starts_on <= greatest(coalesce(covered_to, first_on - 61), first_on - 61) + 1) and max(ends_on) >= max(first_on) as is_whole,
    from stepped group by all
),
told as (
    select c.usubjid, c.ingredient, t.first_on is not null as is_dated,
        case when t.first_on is not null then coalesce(bool_or(v.is_whole) filter (v.is_sure), false) end as is_sure,
        case when t.first_on is not null then coalesce(bool_or(v.is_whole), false) end as is_possible,
    from course as c left join treatment as t using (usubjid) left join covered as v on v.usubjid = c.usubjid and v.ingredient = c.ingredient
    group by c.usubjid, c.ingredient, t.first_on
)
select usubjid, ingredient, is_sure,
    case when ingredient = '' then bool_or(is_possible) over (partition by usubjid) else is_possible end as is_possible,
from told;

create table deviation as
with last_attended as (select usubjid, max(session_no) as session_no from session where attended group by usubjid),
due as (
    select v.*,
        case when v.started_on > today() then false when not s.is_withdrawn then true
            when v.started_on is not null and s.withdrawn_on is not null then v.started_on <= s.withdrawn_on
            else coalesce(v.session_no < l.session_no, false) end as is_due,
    from session as v join subject as s using (usubjid) left join last_attended as l using (usubjid)
),
recorded as (
    select usubjid, session_no, coalesce(bool_or(taken), false) as is_taken, arg_min(source_file, dose_seq) as source_file, arg_min(source_row, dose_seq) as source_row,
    from dose_timing group by all
),
may_be as (select distinct usubjid, unnest(session_nos) as session_no from loose_dose),
missed as (
    select v.site_no, v.usubjid, v.session_no, v.started_on, coalesce(r.source_file, v.source_file) as source_file, coalesce(r.source_row, v.source_row) as source_row,
    from session as v
    left join recorded as r using (usubjid, session_no)
    left join may_be as c using (usubjid, session_no)
    where v.attended and v.session_no between 3 and 7 and r.is_taken is not true and c.session_no is null
),
drugs as (
    select m.site_no, m.usubjid, m.source_file, m.source_row, string_agg(distinct m.ingredient, ', ' order by m.ingredient) as ingredients,
        case when min(t.first_on) is not null or min(m.start_on) >= min(t.known_first_on) then greatest(min(m.start_on), min(t.first_on)) end as on_day,
    from medication as m join treatment as t using (usubjid)
    where m.is_prohibited and m.start_latest <= t.known_last_on and m.end_earliest >= t.known_first_on group by all
),
taken as (
    select *, abs(lag_start) * 60 as lag_s,
        format('{{}} min', floor(round(lag_s, 3) / 60)::bigint) || case when round(lag_s, 3) % 60 > 0 then format(' {{:g}} s', round(round(lag_s, 3) % 60, 3)) else '' end as lag_text,
        coalesce('at session ' || session_no, 'outside any session') as place,
    from dose_timing where taken
),
found as (
    select site_no, usubjid, 'DOSE' as cat, 'DOSE_MISSED' as decod, started_on as on_day, session_no, source_file, source_row,
        format('Session {{}} was attended, but the planned PRE-SESSION dose was not taken.', session_no) as term, 0 as row_id,
    from missed
    union all
    select site_no, usubjid, 'DOSE', 'DOSE_UNPLANNED', dosed_on, session_no, source_file, source_row,
        format('A PRE-SESSION dose was taken {{}}, where the protocol plans none.', place), source_row
    from taken where not is_planned
    union all
    select site_no, usubjid, 'DOSE', 'DOSE_EXTRA', dosed_on, session_no, source_file, source_row,
        format('This was dose {{}} of the PRE-SESSION doses taken {{}}, where at most one is planned.', nth_here, place), source_row
    from taken where nth_here > 1
    union all
    select site_no, usubjid, 'DOSE', 'DOSE_AMOUNT', dosed_on, session_no, source_file, source_row,
        format('{{:g}} mg was taken {{}}, where the protocol gives 50 mg for this participant or arm.', dose_mg, place), source_row
    from taken where dose_mg <> 50
    union all
    select site_no, usubjid, 'TIMING', 'TIMING_OUT_OF_WINDOW', dosed_on, session_no, source_file, source_row,
        format('The dose was taken {{}} {{}} the reference of session {{}}; the window is 60 to 120 min before.', lag_text,
            case when lag_start < 0 then 'after' else 'before' end, session_no), source_row
    from taken where not in_window
    union all
    select site_no, usubjid, 'TIMING', 'TIMING_UNKNOWN', dosed_on, session_no, source_file, source_row,
        format('The timing of the dose taken {{}} is not known: {{}}.', place, timing_reason), source_row
    from taken where timing = 'UNKNOWN'
    union all
    select site_no, usubjid, 'CONSENT', 'DOSE_BEFORE_CONSENT', dosed_on, session_no, source_file, source_row,
        format('The dose was taken {{}} day(s) before consent.', consented_on - dosed_on), source_row
    from taken where dosed_on < consented_on
    union all
    select site_no, usubjid, 'CONSENT', 'DOSE_AFTER_WITHDRAWAL', dosed_on, session_no, source_file, source_row,
        format('The dose was taken {{}} day(s) after withdrawal.', dosed_on - withdrawn_on), source_row
    from taken where dosed_on > withdrawn_on
    union all
    select site_no, usubjid, 'MEDICATION', 'PROHIBITED_MEDICATION', on_day, null, source_file, source_row,
        format('Prohibited medication between first and last dose: {{}}.', ingredients), 0
    from drugs
    union all
    select site_no, usubjid, 'SESSION', 'SESSION_MISSED', started_on, session_no, source_file, source_row, format('Session {{}} was not attended.', session_no), 0
    from due where not attended and is_due
    union all
    select site_no, usubjid, 'VISIT', 'VISIT_OUT_OF_WINDOW', assessed_on, null, source_file, source_row,
        format('Visit {{}} was assessed on study day {{}}; its window is {{}} to {{}}.', visit, study_day, from_day, to_day), 0
    from (
        select site_no, usubjid, visit, assessed_on, study_day, from_day, to_day, arg_min(source_file, nth) as source_file, arg_min(source_row, nth) as source_row
        from (
            select site_no, usubjid, visit, assessed_on, study_day, from_day, to_day, source_file, source_row, source_row as nth from form_key where is_out_of_window
            union all
            select site_no, usubjid, visit, assessed_on, study_day, from_day, to_day, source_file, source_row, 1e9 + source_row from item_all where is_out_of_window
        ) group by all
    )
)
select *, decod in ('DOSE_AMOUNT', 'PROHIBITED_MEDICATION') as is_major,
    row_number() over (partition by usubjid order by cat, session_no nulls last, on_day nulls last, source_file, source_row, decod, row_id, term) as dv_seq,
from found;
