-- core.blank_cell: cells left blank of participants, doses, medications, events and forms, and whether blanks are rare in their column
-- Grain: unit, study, site, of_table, source_file, source_row, field; only blank cells
-- Reads: intake.subject, intake.dose, intake.medication, intake.adverse_event, core.adverse_event, core.form, ref.coding, ref.evidence
-- Why:   an age, a weight or a severity that was there and got lost stays missing without a word; where nearly every row has one, the
--        one without is asked about. A text that cannot be read, or is declared missing, is no blank. "None" among medications and
--        events has nothing to fill; a form without any answer has its own finding. A medication's end is blank where it is neither
--        ended nor said to be ongoing or not
with cell as (
    select
        unit, study, site, subject_id, record_key, source_file, source_row, 'subject' as of_table,
        unnest(['age', 'sex', 'weight']) as field,
        unnest([age_years is null and age_years_raw is null, sex is null and sex_raw is null, weight_kg is null and weight_kg_raw is null])
            as is_blank,
    from intake.subject
    union all
    select
        unit, study, site, subject_id, record_key, source_file, source_row, 'dose', 'planned time point',
        time_point is null and time_point_raw is null,
    from intake.dose
    union all
    select
        m.unit, m.study, m.site, m.subject_id, m.record_key, m.source_file, m.source_row, 'medication',
        unnest(['start', 'end or ongoing']),
        unnest([
            m.started_on is null and m.started_on_raw is null,
            m.ended_on is null and m.ended_on_raw is null and m.ongoing is null and m.ongoing_raw is null
        ]),
    from intake.medication as m
    left join ref.coding as c on m.unit = c.unit and m.verbatim = c.verbatim
    where c.codestat is distinct from 'NOT_A_DRUG'
    union all
    select
        a.unit, a.study, a.site, a.subject_id, a.record_key, a.source_file, a.source_row, 'adverse event',
        unnest(['severity', 'relation']),
        unnest([a.severity is null and a.severity_raw is null, a.related is null and a.related_raw is null]),
    from intake.adverse_event as a
    semi join core.adverse_event as e on a.row_id = e.row_id and e.is_event
    union all
    select
        unit, study, site, subject_id, record_key, source_file, source_row, instrument, 'an answer',
        n_answered + n_faulty < n_items,
    from core.form
    where n_answered > 0
),
counted as (
    select unit, study, site, of_table, field, count(*) as n_cells, count(*) filter (is_blank) as n_blank,
    from cell
    group by unit, study, site, of_table, field
)

select
    c.unit, c.study, c.site, c.subject_id, c.of_table, c.field, n.n_cells, n.n_blank,
    -- the one slip of a site is rare whatever the site's size
    n.n_cells >= case c.field when 'an answer' then e.blank_min_ratings else e.blank_min_cells end
    and (n.n_blank = 1 or 100 * n.n_blank <= e.blank_usual_pct * n.n_cells) as is_rare,
    c.record_key, c.source_file, c.source_row,
from cell as c
inner join counted as n
    on c.unit = n.unit and c.study = n.study and c.site = n.site and c.of_table = n.of_table and c.field = n.field
cross join ref.evidence as e
where c.is_blank
