-- core.form_copy: administrations whose answers are all those of another one
-- Grain: form_id
-- Reads: core.form, ref.evidence
-- Why:   forty answers do not come out the same twice by chance: a row copied from the last visit, or from another participant. Short
--        forms, and forms with hardly more than one or two different answers, may well be the same and are not compared. Within a
--        participant the later one is asked about, between participants both
with answered as (
    select f.form_id, f.study, f.site, f.instrument, hash(f.item_values) as answers,
    from core.form as f
    cross join ref.evidence as e
    where f.n_answered >= e.copied_min_answers
),
copied as (
    select study, site, instrument, answers,
    from answered
    group by study, site, instrument, answers
    having count(*) > 1
),
likely as (
    select
        f.unit, f.study, f.site, f.subject_id, f.form_id, f.instrument, f.item_values, f.record_key, f.source_file, f.source_row,
        -- of one participant the later one is asked about
        coalesce(f.assessed_on, date '9999-12-31') as last_on,
    from answered as a
    semi join copied as c on a.study = c.study and a.site = c.site and a.instrument = c.instrument and a.answers = c.answers
    inner join core.form as f on a.form_id = f.form_id
    cross join ref.evidence as e
    where list_unique(f.item_values) >= e.copied_min_different
)

select
    f.unit, f.study, f.site, f.subject_id, f.form_id,
    bool_or(f.subject_id = o.subject_id) as is_own,
    count(*) as n_same,
    string_agg(distinct o.subject_id, ', ' order by o.subject_id) as same_as,
    f.record_key, f.source_file, f.source_row,
from likely as f
inner join likely as o
    on f.study = o.study and f.site = o.site and f.instrument = o.instrument and f.item_values = o.item_values and f.form_id <> o.form_id
where f.subject_id <> o.subject_id or (f.last_on, f.form_id) > (o.last_on, o.form_id)
group by f.unit, f.study, f.site, f.subject_id, f.form_id, f.record_key, f.source_file, f.source_row
