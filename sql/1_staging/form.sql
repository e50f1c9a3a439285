-- staging.form: wide questionnaire administrations as mapped, repetitions marked
-- Grain: row_id
-- Reads: mapped.form, mapped.disposition, staging.form_repeat, intake.subject, ref.unit, ref.site, ref.visit_label,
--        ref.trial_instrument
-- Why:   a rule sees one row at a time, so what it needs from elsewhere is brought here. A visit's spellings are one visit; a
--        date that cannot be read is compared as sent
with removed as (
    select distinct unit, study, site, subject_id
    from mapped.disposition
    where scope = 'remove' and subject_id is not null
)

select
    m.unit, m.study, m.site, m.delivery_no, m.source_file, m.source_row, m.row_id, m.record_key, m.row_hash,
    m.subject_id, m.subject_id_raw, m.subject_id_fault, m.subject_id_repair,
    m.instrument, m.instrument_raw, m.instrument_fault, m.instrument_repair,
    m.visit, m.visit_raw, m.visit_fault, m.visit_repair,
    m.assessed_on, m.assessed_on_raw, m.assessed_on_fault, m.assessed_on_repair,
    m.item_values, m.item_values_raw, m.item_values_fault, m.item_values_repair,
    coalesce(l.visit, lower(trim(m.visit)), m.visit_raw) as visit_key,
    coalesce(m.assessed_on::varchar, m.assessed_on_raw) as date_key,
    d.dup_kind,
    case when m.subject_id is not null and x.subject_id is null then s.subject_id is not null end as subject_known,
    x.subject_id is not null as subject_removed,
    case when m.instrument is not null then t.instrument is not null end as instrument_known,
    s.consented_on,
    u.delivered_on,
    coalesce(p.latest_on, u.latest_on) as latest_on,
from mapped.form as m
left join ref.visit_label as l on m.study = l.study and lower(trim(m.visit)) = l.label_key
left join ref.unit as u on m.unit = u.unit
left join ref.site as p on m.unit = p.unit and m.site = p.site
left join ref.trial_instrument as t on m.study = t.study and m.instrument = t.instrument
left join staging.form_repeat as d on m.row_id = d.row_id
left join removed as x
    on m.unit = x.unit and m.study = x.study and m.site = x.site and m.subject_id = x.subject_id
left join intake.subject as s
    on m.unit = s.unit and m.study = s.study and m.site = s.site and m.subject_id = s.subject_id
