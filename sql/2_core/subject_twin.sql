-- core.subject_twin: participants of a site who look like one person under two identifiers
-- Grain: study, site, subject_id
-- Reads: core.subject, intake.rating, ref.evidence
-- Why:   a person counted twice doubles every value. Asked about where sex, age, weight and both dates agree, or where all ratings of
--        fear do (evidence file: how many, of how many kinds); what is not known agrees with nothing
with marked as (
    -- each exercise is there once, so that the order of its hashes tells nothing
    select
        study, site, subject_id,
        bit_xor(hash(session_no, exercise_no, begin_suds, peak_suds, end_suds)) as ratings,
        count(begin_suds) + count(peak_suds) + count(end_suds) as n_ratings,
    from intake.rating
    group by study, site, subject_id
),
paired as (
    select study, site, ratings
    from marked
    group by study, site, ratings
    having count(*) > 1
),
rated as (
    select m.study, m.site, m.subject_id, m.ratings
    from marked as m
    cross join ref.evidence as e
    semi join paired as p on m.study = p.study and m.site = p.site and m.ratings = p.ratings
    inner join intake.rating as r on m.study = r.study and m.site = r.site and m.subject_id = r.subject_id
    where m.n_ratings >= e.copied_min_answers
    group by m.study, m.site, m.subject_id, m.ratings, e.copied_min_different
    having count(distinct r.begin_suds) >= e.copied_min_different
),
known as (
    select
        s.study, s.site, s.subject_id, r.ratings::varchar as mark,
    from core.subject as s
    inner join rated as r on s.study = r.study and s.site = r.site and s.subject_id = r.subject_id
    union all
    select s.study, s.site, s.subject_id, concat_ws('|', s.sex, s.age_years, s.weight_kg, s.consented_on, s.randomized_on) as mark,
    from core.subject as s
    where s.sex is not null and s.age_years is not null and s.weight_kg is not null and s.consented_on is not null and s.randomized_on is not null
),
twin as (
    select k.study, k.site, k.mark,
    from known as k
    group by all
    having count(*) > 1
),
alike as (
    select distinct a.study, a.site, a.subject_id, b.subject_id as other_id,
    from known as a
    inner join twin as t on a.study = t.study and a.site = t.site and a.mark = t.mark
    inner join known as b on a.study = b.study and a.site = b.site and a.mark = b.mark and a.subject_id <> b.subject_id
)

select
    s.unit, s.study, s.site, s.subject_id,
    string_agg(a.other_id, ', ' order by a.other_id) as same_as,
    s.record_key, s.source_file, s.source_row,
from alike as a
inner join core.subject as s on a.study = s.study and a.site = s.site and a.subject_id = s.subject_id
group by s.unit, s.study, s.site, s.subject_id, s.record_key, s.source_file, s.source_row
