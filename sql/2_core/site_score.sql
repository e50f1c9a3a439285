-- core.site_score: whether a site's primary outcomes grow worse over the course, and whether the two halves of its forms are alike, or
--        run against each other
-- Grain: study, site
-- Reads: core.primary, core.form, core.score_jump, ref.evidence
-- Why:   treatments of this field do not make most participants of a site worse: answers are most likely turned round. Fear and
--        avoidance of the same situations are rated apart; a form whose second half is its first has one half copied into the other.
--        n_low_first: of n_begun participants with a baseline those whose next visit is far higher, as where forms stand a row too low;
--        n_low_beyond: how many more of these than of others the last n_last participants of a file are, where such a baseline is also
--        nearer to the form in the row above, another participant's: so they are from the row on at which a file was moved.
--        halves_r: Pearson's correlation of the sums of the two halves over all whole forms; sums of whole answers are exact
with placed as (
    select
        p.study, p.site, p.subject_id, p.pomp, p.visit_order, p.is_baseline, f.source_file, f.source_row,
        case when lag(p.subject_id) over above <> p.subject_id then lag(p.pomp) over above end as above_pomp,
    from core.primary as p
    inner join core.form as f on p.form_id = f.form_id
    where p.is_used and p.visit_order is not null
    window above as (partition by p.study, p.site, f.source_file order by f.source_row, p.form_id)
),
course as (
    select
        p.study, p.site, p.subject_id,
        arg_min(p.pomp, p.visit_order) as first_pomp,
        arg_max(p.pomp, p.visit_order) as last_pomp,
        count(*) as n_visits,
        arg_min(p.is_baseline, p.visit_order) and count(*) > 1 as is_begun,
        list(p.pomp order by p.visit_order)[2] as second_pomp,
        list(p.above_pomp order by p.visit_order)[1] as above_pomp,
        arg_min(p.source_file, p.visit_order) as source_file,
        arg_min(p.source_row, p.visit_order) as source_row,
    from placed as p
    group by p.study, p.site, p.subject_id
),
step as (
    select
        c.study, c.site,
        row_number() over below as n_last,
        sum(
            case
                when c.second_pomp - c.first_pomp >= e.baseline_low_pomp
                    and abs(c.first_pomp - c.above_pomp) < c.second_pomp - c.first_pomp then 1
                else -1
            end
        ) over below as n_low_beyond,
    from course as c
    cross join ref.evidence as e
    where c.is_begun
    window below as (
        partition by c.study, c.site, c.source_file order by c.source_row desc, c.subject_id rows between unbounded preceding and current row
    )
),
last_low as (
    select study, site, n_last, n_low_beyond
    from step
    qualify row_number() over (partition by study, site order by n_low_beyond desc, n_last) = 1
),
half as (
    select p.study, p.site, list_sum(f.item_values[1:f.n_items // 2]) as a, list_sum(f.item_values[f.n_items // 2 + 1:]) as b,
    from core.primary as p
    inner join core.form as f on p.form_id = f.form_id
    where f.n_items % 2 = 0 and f.n_answered = f.n_items
),
halves as (
    select
        study, site,
        (count(*) * sum(a * b) - sum(a) * sum(b))
        / nullif(sqrt(greatest((count(*) * sum(a * a) - sum(a) ^ 2) * (count(*) * sum(b * b) - sum(b) ^ 2), 0)), 0) as halves_r,
    from half
    group by study, site
),
trend as (
    select
        c.study, c.site,
        count(*) filter (c.n_visits > 1) as n_courses,
        count(*) filter (c.n_visits > 1 and c.last_pomp > c.first_pomp) as n_worse,
        count(*) filter (c.is_begun) as n_begun,
        count(*) filter (c.is_begun and c.second_pomp - c.first_pomp >= e.baseline_low_pomp) as n_low_first,
    from course as c
    cross join ref.evidence as e
    group by c.study, c.site
)

select
    f.unit, p.study, p.site,
    null::varchar as subject_id,
    p.site as record_key,
    arg_min(f.source_file, f.form_id) as source_file,
    null::bigint as source_row,
    any_value(t.n_courses) as n_courses,
    any_value(t.n_worse) as n_worse,
    any_value(t.n_begun) as n_begun,
    any_value(t.n_low_first) as n_low_first,
    any_value(l.n_last) as n_last,
    any_value(l.n_low_beyond) as n_low_beyond,
    count(*) filter (j.has_halves) as n_forms,
    min(f.n_items) as n_items,
    count(*) filter (j.is_half_alike) as n_alike,
    any_value(round(h.halves_r, 6)) as halves_r,
from core.primary as p
inner join core.form as f on p.form_id = f.form_id
left join core.score_jump as j on p.form_id = j.form_id
left join halves as h on p.study = h.study and p.site = h.site
inner join trend as t on p.study = t.study and p.site = t.site
left join last_low as l on p.study = l.study and p.site = l.site
group by f.unit, p.study, p.site
