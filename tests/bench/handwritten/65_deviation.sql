-- subject_dose, chronic_antidepressant, deviation: what the doses and visits of a subject amount to.
create table subject_dose as
select
    usubjid, min(dosed_on) as first_on, max(dosed_on) as last_on, count(*) as n_dose,
    case when count(dose_mg) = count(*) then sum(dose_mg) end as cum_dose,
    count(*) filter (timing = 'PRE_1_2H') as n_win12, count(*) filter (coalesce(lag_exposure, lag_start) > 60 and timing_reason is null) as n_gt60,
    count(*) filter (timing = 'PRE_GE4H') as n_ge4h, count(*) filter (timing = 'POST_IMM') as n_postim,
    count(*) filter (timing = 'UNKNOWN') as n_unknown,
from dose_timing where taken group by usubjid;

create table chronic_antidepressant as
select
    m.usubjid, m.med_seq,
    ynu(start_latest <= first_on - 60 and end_earliest >= first_on, start_earliest <= first_on - 60 and end_latest >= first_on) as chronic,
from medication as m join subject_dose as d using (usubjid) where m.is_antidepressant;

create table deviation as
with found as (
    select site_no, usubjid, 'DOSE' as cat, 'DOSE_MISSED' as decod, dosed_on as on_day, session_no, source_file, source_row,
        'planned dose of session ' || session_no || ' not taken' as term
    from dose_timing where not taken and is_planned
    union all
    select site_no, usubjid, 'DOSE', 'DOSE_UNPLANNED', dosed_on, session_no, source_file, source_row, 'dose taken at session ' || session_no
    from dose_timing where taken and not is_planned
    union all
    select site_no, usubjid, 'DOSE', 'DOSE_EXTRA', dosed_on, session_no, source_file, source_row, n_taken_here || ' doses taken at session ' || session_no
    from dose_timing where taken and n_taken_here > 1
    union all
    select site_no, usubjid, 'DOSE', 'DOSE_AMOUNT', dosed_on, session_no, source_file, source_row, dose_mg || ' mg taken, 50 mg planned'
    from dose_timing where taken and dose_mg <> 50
    union all
    select site_no, usubjid, 'TIMING', 'TIMING_OUT_OF_WINDOW', dosed_on, session_no, source_file, source_row,
        'dose ' || round(lag_start, 1) || ' min before the session; window 60 to 120 min'
    from dose_timing where taken and not in_window
    union all
    select site_no, usubjid, 'TIMING', 'TIMING_UNKNOWN', dosed_on, session_no, source_file, source_row, 'timing unknown: ' || timing_reason
    from dose_timing where timing = 'UNKNOWN'
    union all
    select site_no, usubjid, 'CONSENT', 'DOSE_BEFORE_CONSENT', dosed_on, session_no, source_file, source_row, 'dose ' || (consented_on - dosed_on) || ' days before consent'
    from dose_timing where taken and dosed_on < consented_on
    union all
    select site_no, usubjid, 'CONSENT', 'DOSE_AFTER_WITHDRAWAL', dosed_on, session_no, source_file, source_row, 'dose ' || (dosed_on - withdrawn_on) || ' days after withdrawal'
    from dose_timing where taken and dosed_on > withdrawn_on
    union all
    select site_no, usubjid, 'MEDICATION', 'PROHIBITED_MEDICATION', start_on, null, source_file, source_row, ingredient || ' is of the prohibited class ' || class
    from medication where is_prohibited
    union all
    select site_no, usubjid, 'SESSION', 'SESSION_MISSED', started_on, session_no, source_file, source_row, 'session ' || session_no || ' not attended'
    from session where not attended
    union all
    select site_no, usubjid, 'VISIT', 'VISIT_OUT_OF_WINDOW', assessed_on, null, source_file, source_row,
        visit || ' on day ' || study_day || ', window ' || from_day || ' to ' || to_day
    from form_key where is_out_of_window
)
select *, decod in ('DOSE_AMOUNT', 'PROHIBITED_MEDICATION') as is_major,
    row_number() over (partition by usubjid order by on_day, decod, session_no, source_row) as dv_seq,
from found;
