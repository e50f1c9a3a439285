-- core.form_profile: forms of a long instrument that do not rise and fall over its items as the participant's other forms and the site's do
-- Grain: form_id; only of participants with such a form, at sites whose forms agree
-- Reads: core.form, core.site_profile, ref.evidence
-- Why:   a form whose answers were turned round, or one half of it, correlates as far below zero with the participant's own other forms as
--        two forms otherwise do above it; so does one against the site's profile, where all of a participant's are turned. One whose
--        answers were moved by an item correlates again once they are moved back. own: the middle one of the correlations with the other
--        forms, of the first half, the second, or both; own_moved: the same, moved back by an item, up or down. halves: the
--        correlation of the two halves. Only participants with a form that hardly follows the profile are looked at further
with known as materialized (
    select
        p.unit, p.study, p.site, p.instrument, p.n_first, p.usual_site, p.usual_halves,
        list_transform(p.profile, lambda v, n: case when n <= p.n_first then v else 0 end) as first_profile,
        list_transform(p.profile, lambda v, n: case when n > p.n_first then v else 0 end) as second_profile,
        nullif(sqrt(list_dot_product(first_profile, first_profile)), 0) as first_length,
        nullif(sqrt(list_dot_product(second_profile, second_profile)), 0) as second_length,
    from core.site_profile as p
    cross join ref.evidence as e
    where p.n_sampled >= e.profile_min_participants and p.usual_own >= e.profile_usual_own and p.usual_site >= e.profile_usual_site
),
whole as materialized (
    -- list_dot_product refuses a list in whose memory any null lies
    select f.form_id, f.item_values, f.subject_id, k.unit, k.study, k.site, k.instrument, k.first_profile, k.second_profile,
    from core.form as f
    inner join known as k on f.unit = k.unit and f.study = k.study and f.site = k.site and f.instrument = k.instrument
    where f.n_answered = f.n_items and f.lowest_answer < f.highest_answer
),
along as (
    select
        unit, study, site, instrument, subject_id,
        sqrt(greatest(list_dot_product(item_values, item_values) - list_sum(item_values) ^ 2 / len(item_values), 0)) as spread,
        list_dot_product(item_values, first_profile) / spread as first_along,
        list_dot_product(item_values, second_profile) / spread as second_along,
    from whole
),
usual as (
    select unit, study, site, instrument, abs(median(first_along)) as first_usual, abs(median(second_along)) as second_usual,
    from along
    group by unit, study, site, instrument
),
suspect as (
    select distinct a.unit, a.study, a.site, a.instrument, a.subject_id,
    from along as a
    cross join ref.evidence as e
    inner join usual as u on a.unit = u.unit and a.study = u.study and a.site = u.site and a.instrument = u.instrument
    where
        a.first_along <= e.profile_suspect_part * u.first_usual
        or (u.second_usual > 0 and a.second_along <= e.profile_suspect_part * u.second_usual)
),
answer as (
    select
        f.unit, f.study, f.site, f.instrument, f.subject_id, f.form_id, k.n_first,
        unnest(f.item_values) as answered,
        unnest(range(1, f.n_items + 1)) as item_no,
    from suspect as s
    inner join core.form as f
        on s.unit = f.unit and s.study = f.study and s.site = f.site and s.instrument = f.instrument and s.subject_id = f.subject_id
    inner join known as k on f.unit = k.unit and f.study = k.study and f.site = k.site and f.instrument = k.instrument
    where f.lowest_answer < f.highest_answer and f.n_answered * 5 >= f.n_items * 4
),
scaled as (
    select
        a.*,
        coalesce(a.answered - avg(a.answered) over of_half, 0)
        / nullif(stddev_pop(a.answered) over of_half * sqrt(count(a.answered) over of_half), 0) as share,
    from answer as a
    window of_half as (partition by a.form_id, a.item_no > a.n_first)
),
shape as materialized (
    -- halves of length one, so that the sum of products is the correlation
    select
        unit, study, site, instrument, subject_id, form_id,
        list(coalesce(share, 0) order by item_no) filter (item_no <= n_first) as firsts,
        coalesce(list(coalesce(share, 0) order by item_no) filter (item_no > n_first), []) as seconds,
        count(share) filter (item_no <= n_first) > 0 as has_first,
        count(share) filter (item_no > n_first) > 0 as has_second,
        -- a form with hardly any answer but one fits another one moved by an item as well as not
        10 * list_max(map_values(histogram(answered))) <= 6 * count(answered) as is_rich,
    from scaled
    group by unit, study, site, instrument, subject_id, form_id
),
pair as (
    select
        a.form_id,
        case when a.has_first and b.has_first then list_dot_product(a.firsts, b.firsts) end as first_own,
        case when a.has_second and b.has_second then list_dot_product(a.seconds, b.seconds) end as second_own,
        case
            when a.is_rich and b.is_rich and a.has_second
                then (list_dot_product(a.firsts[2:], b.firsts[:-2]) + list_dot_product(a.seconds[2:], b.seconds[:-2])) / 2
            when a.is_rich and b.is_rich then list_dot_product(a.firsts[2:], b.firsts[:-2])
        end as own_up,
        case
            when a.is_rich and b.is_rich and a.has_second
                then (list_dot_product(a.firsts[:-2], b.firsts[2:]) + list_dot_product(a.seconds[:-2], b.seconds[2:])) / 2
            when a.is_rich and b.is_rich then list_dot_product(a.firsts[:-2], b.firsts[2:])
        end as own_down,
    from shape as a
    inner join shape as b
        on a.unit = b.unit and a.study = b.study and a.site = b.site and a.instrument = b.instrument and a.subject_id = b.subject_id
        and a.form_id <> b.form_id
),
beside as (
    select
        form_id,
        median(first_own) as first_own,
        median(second_own) as second_own,
        greatest(median(own_up), median(own_down)) as own_moved,
    from pair
    group by form_id
)

select
    f.unit, f.study, f.site, f.subject_id, f.form_id, f.instrument, k.usual_site, k.usual_halves,
    b.first_own,
    b.second_own,
    (coalesce(b.first_own, b.second_own) + coalesce(b.second_own, b.first_own)) / 2 as own,
    b.own_moved,
    case when s.has_first and s.has_second and len(s.firsts) = len(s.seconds) then list_dot_product(s.firsts, s.seconds) end as halves,
    case when s.has_first then list_dot_product(s.firsts, k.first_profile[1:k.n_first]) / k.first_length end as first_site,
    case when s.has_second then list_dot_product(s.seconds, k.second_profile[k.n_first + 1:]) / k.second_length end as second_site,
    (coalesce(first_site, second_site) + coalesce(second_site, first_site)) / 2 as own_site,
    f.record_key, f.source_file, f.source_row,
from shape as s
inner join core.form as f on s.form_id = f.form_id
inner join known as k on f.unit = k.unit and f.study = k.study and f.site = k.site and f.instrument = k.instrument
left join beside as b on s.form_id = b.form_id
