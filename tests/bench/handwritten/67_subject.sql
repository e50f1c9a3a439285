-- Participants and withdrawals: queries and notes that change nothing. Reads every table before.
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
        and not coalesce(m.is_prohibited and m.start_latest <= t.known_last_on and m.end_earliest >= t.known_first_on, false)
),
came as (
    select usubjid from session where attended
    union
    select usubjid from form_key where visit_order > 0
    union
    select usubjid from item_all where visit_order > 0
),
randomizing as (select distinct site_no from subject where randomized_on is not null),
asked as (
    select s.*, d.n_dose, q.n_doubtful, v.usubjid is not null as has_major, p.usubjid is not null as may_deviate, b.usubjid is not null as has_baseline,
        c.usubjid is not null and z.site_no is not null as is_of_randomizing,
    from subject as s
    left join subject_dose as d using (usubjid)
    left join doubtful as q using (usubjid)
    left join (select distinct usubjid from deviation where is_major) as v using (usubjid)
    left join possible as p using (usubjid)
    left join (select usubjid from form where visit = 'BASELINE' and total is not null group by usubjid) as b using (usubjid)
    left join came as c using (usubjid)
    left join randomizing as z on z.site_no = s.site_no
)
select told([
        case when (n_dose is null and n_doubtful > 0) or is_randomized_withheld
            or (not has_major and randomized_on is not null and may_deviate) then 'population_in_doubt' end,
        case when randomized_on is not null and not has_baseline then 'baseline_missing' end,
        case when randomized_on is null and not is_randomized_withheld and is_of_randomizing and n_dose is null then 'randomization_missing' end,
        case when randomized_on - consented_on > 180 then 'consent_far_from_randomization' end,
        case when randomized_on < consented_on then 'randomized_before_consent' end,
        case when withdrawn_on < consented_on then 'withdrawn_before_consent' end,
        case when withdrawn_on > randomized_on + 196 + 180 then 'withdrawal_after_course' end,
        case when age_years < 12 then case when weight_kg > 70 then 'weight_unusual' end when age_years < 18 then case when weight_kg not between 25 and 130 then 'weight_unusual' end
            when age_years is not null and weight_kg not between 40 and 180 then 'weight_unusual' end,
        case when age_years > 90 then 'age_unusual' end,
    ]), 'query', site_no, 'subject', subject_id, '', null, source_file, source_row
from asked
union all
select told([
        case when t.consent_raw is null then 'consent_missing' end, case when t.sex_raw is null then 'sex_missing' end,
        case when t.age_raw is null then 'age_missing' end, case when t.weight_raw is null then 'weight_not_sent' end,
    ]), 'note', s.site_no, 'subject', s.subject_id, '', null, s.source_file, s.source_row
from subject_typed as t join subject as s using (source_file, source_row)
union all
select 'withdrawal_date_missing', 'query', site_no, 'withdrawal', subject_id, 'withdrawn_on', null, source_file, source_row
from withdrawal_typed where date_raw is null and is_known and not is_conflict and copy_no = 1;

-- the first or the last day of treatment is that of a dose in doubt
insert into finding
with taken as (
    select usubjid, dosed_on, not coalesce(timing_reason = 'IMPLAUSIBLE_LAG' or dosed_on < consented_on or dosed_on > withdrawn_on, false) as is_sure
    from dose_timing where taken
),
span as (select usubjid, min(dosed_on) filter (is_sure) as first_sure, max(dosed_on) filter (is_sure) as last_sure from taken group by usubjid)
select 'treatment_day_in_doubt', 'note', s.site_no, 'subject', s.subject_id, '', null, s.source_file, s.source_row
from treatment as t join span as p using (usubjid) join subject as s using (usubjid)
where (t.first_on is not null and t.first_on is distinct from p.first_sure) or (t.last_on is not null and t.last_on is distinct from p.last_sure);

-- two participants with the same ratings, or the same age, sex, weight and days
insert into finding
with known as (
    select site_no, usubjid, bit_xor(hash(session_no, exercise_no, begin_suds, peak_suds, end_suds))::varchar as mark
    from rating group by all
    having count(begin_suds) + count(peak_suds) + count(end_suds) >= 20 and count(distinct begin_suds) >= 3
    union all
    select site_no, usubjid, concat_ws('|', sex, age_years, weight_kg, consented_on, randomized_on) from subject
    where sex is not null and age_years is not null and weight_kg is not null and consented_on is not null and randomized_on is not null
)
select distinct 'subject_twice', 'query', a.site_no, 'subject', a.usubjid, '', null, null, null
from known as a join (select site_no, mark from known group by all having count(*) > 1) as t using (site_no, mark);

-- one weight, or a site's, in another unit; a code for missing
insert into finding
with adult as (select site_no, count(*) as n, quantile_cont(weight_kg, 0.75) as upper_kg from subject where age_years >= 18 and weight_kg is not null group by site_no)
select 'weight_unlike_site', 'query', s.site_no, 'subject', s.subject_id, 'weight_kg', null, s.source_file, s.source_row
from subject as s join adult as a using (site_no)
where s.age_years >= 18 and a.n > 10 and s.weight_kg <= 180 and s.weight_kg > greatest(1.6 * a.upper_kg, 120)
union all
select 'weight_unit_site', 'query', site_no, 'site_weight', '', '', null, null, null
from subject where weight_kg is not null group by site_no
having (count(*) filter (age_years >= 18) >= 10 and count(*) filter (age_years >= 18 and weight_kg > 120) > 0.3 * count(*) filter (age_years >= 18))
    or (count(*) filter (age_years < 18) >= 10 and count(*) filter (age_years < 18 and weight_kg > 1.6 * (3 * age_years + 7)) > 0.3 * count(*) filter (age_years < 18))
union all
select 'missing_code_suspect', 'query', site_no, 'site_missing_code', 'weight_kg|' || code, 'weight_kg', null, null, null
from (select site_no, size_of(weight_raw) as kg from subject_typed) as w join (select unnest([99, 999]) as code) as c on abs(kg - code) <= 2
group by site_no, code having count(*) filter (kg = code) >= 3 and 2 * count(*) filter (kg = code) > count(*);

-- a cell dragged down: six rows of the file with the same step, where the column is not sorted; a year off: enrolled far from the rows around
insert into finding
with stepped as (
    select *, round(age_years - lag(age_years) over f, 4) as age_step, round(weight_kg - lag(weight_kg) over f, 4) as weight_step,
        coalesce(randomized_on, consented_on) as enrolled_on,
    from subject window f as (partition by site_no order by source_row)
),
ended as (
    select *, count(age_step) over five = 5 and min(age_step) over five = max(age_step) over five as ends_ages,
        count(weight_step) over five = 5 and min(weight_step) over five = max(weight_step) over five as ends_weights,
    from stepped window five as (partition by site_no order by source_row rows 4 preceding)
),
sorted as (
    select site_no, (min(age_step) >= 0 or max(age_step) <= 0) and min(age_step) < max(age_step) as by_age,
        (min(weight_step) >= 0 or max(weight_step) <= 0) and min(weight_step) < max(weight_step) as by_weight,
    from stepped group by site_no
),
run as (
    select e.*, bool_or(ends_ages) over six and not s.by_age as is_age_run, bool_or(ends_weights) over six and not s.by_weight as is_weight_run,
    from ended as e join sorted as s using (site_no) window six as (partition by site_no order by source_row rows between current row and 5 following)
)
select told([case when is_age_run then 'ages_run' end, case when is_weight_run then 'weights_run' end]), 'query', site_no, 'subject', subject_id, '', null, source_file, source_row
from run where is_age_run or is_weight_run;

insert into finding
with enrolled as (
    select site_no, subject_id, source_file, source_row, coalesce(randomized_on, consented_on) as day from subject where coalesce(randomized_on, consented_on) is not null
),
placed as (
    select *, lag(day) over f as row_before, lead(day) over f as row_after, lag(day) over d as day_before, lead(day) over d as day_after,
        min(day) over o as first_other, max(day) over o as last_other,
    from enrolled
    window f as (partition by site_no order by source_row), d as (partition by site_no order by day, source_row),
        o as (partition by site_no order by source_row rows between unbounded preceding and unbounded following exclude current row)
),
site as (
    select site_no, count(*) as n, avg((day >= row_before)::int) as in_order, median(day - day_before) as usual from placed group by site_no having count(*) >= 8
),
moved as (select p.*, s.in_order, s.usual, (day + to_years(y))::date as other_day from placed as p join site as s using (site_no), (select unnest([-1, 1]) as y))
select distinct 'enrolled_year_off', 'query', site_no, 'subject', subject_id, '', null, source_file, source_row
from moved
where (in_order >= 0.8 and abs(day - row_before) > 150 and abs(day - row_after) > 150 and day not between row_before and row_after
        and other_day >= row_before - 31 and other_day <= row_after + 31)
    or (least(day - day_before, day_after - day) >= greatest(120, 10 * usual) and day not between first_other and last_other
        and other_day >= first_other - 31 and other_day <= last_other + 31);

insert into finding
with waited as (select *, randomized_on - consented_on as days from subject where randomized_on >= consented_on),
site as (select site_no, median(days) as usual, quantile_cont(days, 0.8) as long from waited group by site_no having count(*) >= 8)
select 'consent_gap_unlike_site', 'query', w.site_no, 'subject', w.subject_id, '', null, w.source_file, w.source_row
from waited as w join site as s using (site_no) where w.days <= 180 and w.days >= greatest(60, 4 * s.usual, 2 * s.long);
