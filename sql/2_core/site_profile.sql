-- core.site_profile: which items of a long instrument a site's participants answer higher than others, and whether its forms agree in it
-- Grain: study, site, instrument
-- Reads: core.form, ref.evidence
-- Why:   some situations are feared more than others, by most people and at every visit. Answers turned round, or moved by an item, run
--        against that while each of them looks right. Of the first two forms of a few participants, each half centred and scaled by
--        itself: profile points along what they have in common (whichever way round most are); usual_own is the correlation of two forms
--        of a participant, usual_site that of a form with the profile, usual_halves that of the halves of a form. n_against: forms that
--        run against the profile. Where these are small the items are alike, and nothing can be told
with person as (
    -- whatever the number of visits: a sample of forms would hold those of a few participants who came often
    select f.unit, f.study, f.site, f.instrument, f.subject_id,
    from core.form as f
    cross join ref.evidence as e
    where f.n_items >= e.copied_min_answers and f.n_answered = f.n_items and f.lowest_answer < f.highest_answer
    group by f.unit, f.study, f.site, f.instrument, f.subject_id, e.profile_sample
    qualify row_number() over (partition by f.unit, f.study, f.site, f.instrument order by min(f.form_id)) <= e.profile_sample
),
sampled as (
    select
        f.unit, f.study, f.site, f.instrument, f.subject_id, f.form_id, f.n_items, f.item_values,
        case when f.n_items % 2 = 0 and f.n_items >= 2 * e.copied_min_answers then f.n_items // 2 else f.n_items end as n_first,
        row_number() over (
            partition by f.unit, f.study, f.site, f.instrument, f.subject_id order by f.assessed_on nulls last, f.form_id
        ) as form_no,
    from person as p
    cross join ref.evidence as e
    inner join core.form as f
        on p.unit = f.unit and p.study = f.study and p.site = f.site and p.instrument = f.instrument and p.subject_id = f.subject_id
    where f.n_answered = f.n_items and f.lowest_answer < f.highest_answer
    qualify form_no <= 2
),
halved as (
    select
        s.unit, s.study, s.site, s.instrument, s.subject_id, s.form_id, s.form_no, s.n_first, s.n_items,
        s.item_values[1:s.n_first] as first_half,
        s.item_values[s.n_first + 1:] as second_half,
        list_avg(first_half) as first_mean,
        list_avg(second_half) as second_mean,
        list_stddev_pop(first_half) * sqrt(s.n_items) as first_length,
        list_stddev_pop(second_half) * sqrt(s.n_items) as second_length,
    from sampled as s
),
shape as materialized (
    -- each form is of length one
    select
        unit, study, site, instrument, subject_id, form_id, form_no, n_first, n_items,
        list_concat(
            list_transform(first_half, lambda v: (v - first_mean) / first_length),
            list_transform(second_half, lambda v: (v - second_mean) / second_length)
        ) as shares,
    from halved
    where first_length > 0 and (second_length > 0 or n_first = n_items)
),
pair as (
    select
        a.unit, a.study, a.site, a.instrument, a.form_id, b.form_id as other_id,
        list_dot_product(a.shares, b.shares) as alike,
    from shape as a
    inner join shape as b on a.unit = b.unit and a.study = b.study and a.site = b.site and a.instrument = b.instrument
    where a.form_no = 1 and b.form_no = 1
),
seed as (
    -- the form that has most in common with all others, either way round
    select unit, study, site, instrument, form_id
    from pair
    group by unit, study, site, instrument, form_id
    qualify row_number() over (partition by unit, study, site, instrument order by round(sum(abs(alike)), 9) desc, form_id) = 1
),
direction as (
    select
        p.unit, p.study, p.site, p.instrument, p.other_id as form_id,
        sign(p.alike) * sign(sum(sign(p.alike)) over (partition by p.unit, p.study, p.site, p.instrument) + 0.5) as way,
    from pair as p
    inner join seed as s on p.form_id = s.form_id
),
share as (
    select d.unit, d.study, d.site, d.instrument, d.way, unnest(s.shares) as share, unnest(range(1, s.n_items + 1)) as item_no,
    from direction as d
    inner join shape as s on d.form_id = s.form_id
),
common as (
    select unit, study, site, instrument, item_no, round(sum(share * way), 9) as level,
    from share
    group by unit, study, site, instrument, item_no
),
profile as (
    select unit, study, site, instrument, list(level order by item_no) as profile, nullif(sqrt(sum(level * level)), 0) as length,
    from common
    group by unit, study, site, instrument
)

select
    s.unit, s.study, s.site,
    null::varchar as subject_id,
    s.instrument,
    any_value(s.n_first) as n_first,
    any_value(p.profile) as profile,
    count(distinct s.subject_id) as n_sampled,
    count(*) as n_forms,
    count(*) filter (list_dot_product(s.shares, p.profile) < 0) as n_against,
    median(abs(list_dot_product(s.shares, p.profile) / p.length)) filter (s.form_no = 2) as usual_site,
    median(abs(list_dot_product(s.shares, o.shares))) as usual_own,
    median(2 * list_dot_product(s.shares[1:s.n_first], s.shares[s.n_items - s.n_first + 1:])) filter (s.n_items = 2 * s.n_first) as usual_halves,
    s.instrument as record_key,
    null::varchar as source_file,
    null::bigint as source_row,
from shape as s
inner join profile as p on s.unit = p.unit and s.study = p.study and s.site = p.site and s.instrument = p.instrument
left join shape as o
    on s.unit = o.unit and s.study = o.study and s.site = o.site and s.instrument = o.instrument and s.subject_id = o.subject_id
    and s.form_no = o.form_no + 1
group by s.unit, s.study, s.site, s.instrument
