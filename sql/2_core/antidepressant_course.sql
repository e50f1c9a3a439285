-- core.antidepressant_course: whether an antidepressant was taken without a break over the days that make it chronic
-- Grain: study, site, subject_id, ingredient
-- Reads: core.medication, core.medication_lost, core.treatment_period, ref.evidence
-- Why:   records of one ingredient that follow each other day on day (or overlap) are one course: a new record need not be a new
--        drug. Chronic: its days cover every day from so many days before the first taken dose up to that day, and its dose did not
--        change in them: of two records that surely lie in those days, the dose texts differ in their number alone.
--        is_sure: by the days on which it was surely taken; is_possible: by those on which it may have been, together with
--        uncoded and quarantined medications, which may be the same drug. Both null when the day of the first dose is not known.
--        The ingredient '' stands for medications whose drug is not known
with unknown as (
    select study, site, subject_id, coalesce(start_earliest, date '0001-01-01') as starts_on, coalesce(end_latest, date '9999-12-31') as ends_on,
    from core.medication
    where is_drug and not is_coded
    union all
    select study, site, subject_id, date '0001-01-01', date '9999-12-31',
    from core.medication_lost
),
course as (
    select distinct study, site, subject_id, ingredient,
    from core.medication
    where is_antidepressant
    union all
    select distinct study, site, subject_id, '',
    from unknown
),
period as (
    select study, site, subject_id, ingredient, true as is_sure, start_latest as starts_on, end_earliest as ends_on,
    from core.medication
    where is_antidepressant and start_latest <= end_earliest
    union all
    select study, site, subject_id, ingredient, false, coalesce(start_earliest, date '0001-01-01'), coalesce(end_latest, date '9999-12-31'),
    from core.medication
    where is_antidepressant
    union all
    select c.study, c.site, c.subject_id, c.ingredient, false, u.starts_on, u.ends_on,
    from course as c
    inner join unknown as u on c.study = u.study and c.site = u.site and c.subject_id = u.subject_id
),
dosed as (
    select m.study, m.site, m.subject_id, m.ingredient, m.dose_text, regexp_replace(m.dose_text, '[0-9]+([.,][0-9]+)?', '#') as dose_form,
    from core.medication as m
    inner join core.treatment_period as t on m.study = t.study and m.site = t.site and m.subject_id = t.subject_id
    cross join ref.evidence as e
    where m.is_antidepressant and m.start_latest <= t.first_on and m.end_earliest >= t.first_on - e.chronic_antidepressant_days
),
stepped as (
    -- covered_to: the last day that the periods begun before this one reach
    select
        p.study, p.site, p.subject_id, p.ingredient, p.is_sure, p.starts_on, p.ends_on,
        t.first_on - e.chronic_antidepressant_days as from_on,
        t.first_on as to_on,
        max(p.ends_on) over (
            partition by p.study, p.site, p.subject_id, p.ingredient, p.is_sure
            order by p.starts_on, p.ends_on rows between unbounded preceding and 1 preceding
        ) as covered_to,
    from period as p
    inner join core.treatment_period as t on p.study = t.study and p.site = t.site and p.subject_id = t.subject_id
    cross join ref.evidence as e
    where p.starts_on <= t.first_on and p.ends_on >= t.first_on - e.chronic_antidepressant_days
),
covered as (
    select
        study, site, subject_id, ingredient, is_sure,
        bool_and(starts_on <= greatest(coalesce(covered_to, from_on - 1), from_on - 1) + 1) and max(ends_on) >= max(to_on) as is_whole,
    from stepped
    group by study, site, subject_id, ingredient, is_sure
),
changed as (
    select distinct a.study, a.site, a.subject_id, a.ingredient,
    from dosed as a
    inner join dosed as b
        on a.study = b.study and a.site = b.site and a.subject_id = b.subject_id and a.ingredient = b.ingredient
        and a.dose_form = b.dose_form and a.dose_text < b.dose_text
),
told as (
    select
        c.study, c.site, c.subject_id, c.ingredient,
        case when t.first_on is not null then coalesce(bool_or(v.is_whole) filter (v.is_sure), false) and any_value(x.ingredient) is null end
            as is_sure,
        case when t.first_on is not null then coalesce(bool_or(v.is_whole), false) and any_value(x.ingredient) is null end as is_possible,
    from course as c
    left join changed as x
        on c.study = x.study and c.site = x.site and c.subject_id = x.subject_id and c.ingredient = x.ingredient
    left join core.treatment_period as t on c.study = t.study and c.site = t.site and c.subject_id = t.subject_id
    left join covered as v
        on c.study = v.study and c.site = v.site and c.subject_id = v.subject_id and c.ingredient = v.ingredient
    group by c.study, c.site, c.subject_id, c.ingredient, t.first_on
)

select
    study, site, subject_id, ingredient, is_sure,
    case
        when ingredient = '' then bool_or(is_possible) over (partition by study, site, subject_id) else is_possible
    end as is_possible,
from told
