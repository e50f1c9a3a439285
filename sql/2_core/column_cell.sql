-- core.column_cell: cells of columns of which is asked whether they were sorted, or dragged down, without the columns beside them
-- Grain: unit, source_file, source_row, record_key, table_name, field; only cells that hold something
-- Reads: core.subject, intake.adverse_event, intake.medication, intake.rating, intake.item, ref.item
-- Why:   ages, sexes, severities, words and ratings have no order of their own (may_rise); days have, with enrolment, and are asked only
--        whether they repeat (may_repeat): a whole day, no first of a month, and days that go up by one from row to row, as a
--        spreadsheet fills them. Of the many ratings only files are looked at whose ratings rise or fall with the row as a whole.
--        said: what is compared from row to row
with single as (
    select instrument
    from ref.item
    group by instrument
    having count(*) = 1
),
steep as (
    select unit, study, site, source_file
    from intake.rating
    group by unit, study, site, source_file
    having greatest(abs(corr(source_row, begin_suds)), abs(corr(source_row, peak_suds)), abs(corr(source_row, end_suds))) > 0.5
),
cell as (
    select
        unit, study, site, subject_id, 0::bigint as row_id, record_key, source_file, source_row, 'subject' as table_name,
        unnest(['age_years', 'weight_kg', 'sex']) as field,
        unnest([format('{:012.4f}', age_years), format('{:012.4f}', weight_kg), sex]) as sent,
        true as may_rise, false as may_repeat,
    from core.subject
    union all
    select
        unit, study, site, subject_id, row_id, record_key, source_file, source_row, 'adverse_event',
        unnest(['verbatim', 'severity', 'started_on', 'started_on by a day']),
        unnest([
            verbatim, severity, case when length(started_on) = 10 and started_on not like '%-01' then started_on end,
            case when length(started_on) = 10 then started_on end,
        ]),
        unnest([true, true, false, false]), unnest([true, false, true, true]),
    from intake.adverse_event
    union all
    select
        unit, study, site, subject_id, row_id, record_key, source_file, source_row, 'medication',
        unnest(['verbatim', 'started_on', 'started_on by a day']),
        unnest([
            verbatim, case when length(started_on) = 10 and started_on not like '%-01' then started_on end,
            case when length(started_on) = 10 then started_on end,
        ]),
        unnest([true, false, false]), true,
    from intake.medication
    union all
    select
        r.unit, r.study, r.site, r.subject_id, r.row_id, r.record_key, r.source_file, r.source_row, 'rating',
        unnest(['begin_suds', 'peak_suds', 'end_suds']),
        unnest([format('{:012.4f}', r.begin_suds), format('{:012.4f}', r.peak_suds), format('{:012.4f}', r.end_suds)]), true, false,
    from intake.rating as r
    semi join steep as t on r.unit = t.unit and r.study = t.study and r.site = t.site and r.source_file = t.source_file
    union all
    select
        i.unit, i.study, i.site, i.subject_id, i.row_id, i.record_key, i.source_file, i.source_row, 'item', 'value',
        i.instrument || ' ' || format('{:012.4f}', i.value), true, false,
    from intake.item as i
    semi join single as o on i.instrument = o.instrument
    where i.counts and not i.is_total
)

-- days that go up by one from row to row are the same day, less as many days as there are rows above
select
    unit, study, site, subject_id, row_id, record_key, source_file, source_row, table_name, field, sent, may_rise, may_repeat,
    case
        when field = 'started_on by a day' then (try_cast(sent as date) - (row_number() over of_file)::integer)::varchar
        else lower(sent)
    end as said,
from cell
where sent is not null
window of_file as (partition by unit, study, site, source_file, table_name, field order by source_row, row_id)
