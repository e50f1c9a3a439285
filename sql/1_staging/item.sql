-- staging.item: long questionnaire items and reported totals as mapped, repetitions marked
-- Grain: row_id
-- Reads: mapped.item, mapped.disposition, staging.item_repeat, intake.subject, ref.unit, ref.site, ref.visit_label,
--        ref.trial_instrument
-- Why:   a total read from a wide row (counts is false) is no row of its own: what is wrong with its key is told once, of the
--        form, and it falls with the form; only its own value, and a total that contradicts itself, are judged here
with removed as (
    select distinct unit, study, site, subject_id
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
)

select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw,
    case when m.counts then m.subject_id_fault end as subject_id_fault,
    case when m.counts then m.subject_id_repair end as subject_id_repair,
    m.instrument, m.instrument_raw,
    case when m.counts then m.instrument_fault end as instrument_fault,
    case when m.counts then m.instrument_repair end as instrument_repair,
    m.visit, m.visit_raw,
    case when m.counts then m.visit_fault end as visit_fault,
    case when m.counts then m.visit_repair end as visit_repair,
    m.assessed_on, m.assessed_on_raw,
    case when m.counts then m.assessed_on_fault end as assessed_on_fault,
    case when m.counts then m.assessed_on_repair end as assessed_on_repair,
    m.item, m.item_raw, m.item_fault, m.item_repair,
    m.item_no, m.item_no_raw, m.item_no_fault, m.item_no_repair,
    m.is_total, m.is_total_raw, m.is_total_fault, m.is_total_repair,
    m.counts, m.counts_raw, m.counts_fault, m.counts_repair,
    m.value, m.value_raw, m.value_fault, m.value_repair,
    coalesce(l.visit, lower(trim(m.visit)), m.visit_raw) as visit_key,
    coalesce(m.assessed_on::varchar, m.assessed_on_raw) as date_key,
    d.dup_kind,
    case when m.counts and m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    case when m.counts and m.instrument is not null then t.instrument is not null end as instrument_known,
    s.consented_on,
    u.delivered_on,
    case when m.counts then coalesce(p.latest_on, u.latest_on) end as latest_on,
from mapped.item as m
left join ref.visit_label as l on m.study = l.study and lower(trim(m.visit)) = l.label_key
left join ref.unit as u on m.unit = u.unit
left join ref.site as p on m.unit = p.unit and m.site = p.site
left join ref.trial_instrument as t on m.study = t.study and m.instrument = t.instrument
left join staging.item_repeat as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
where m.counts or (m.subject_id is not null and m.instrument is not null)
