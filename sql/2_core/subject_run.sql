-- core.subject_run: ages and weights that repeat, or go up or down by the same step, from row to row of the site's file
-- Grain: study, site, subject_id; only participants in such a run
-- Reads: core.subject
-- Why:   a cell dragged down in a spreadsheet fills the ones below with itself or counts up, and each value alone looks right. A run is
--        six rows, five equal steps; a file sorted by the column has small steps everywhere and is no run, unless all steps are the same
with stepped as (
    select
        s.unit, s.study, s.site, s.subject_id, s.record_key, s.source_file, s.source_row,
        round(s.age_years - lag(s.age_years) over of_file, 4) as age_step,
        round(s.weight_kg - lag(s.weight_kg) over of_file, 4) as weight_step,
    from core.subject as s
    window of_file as (partition by s.unit, s.study, s.site, s.source_file order by s.source_row)
),
ended as (
    select
        s.*,
        count(age_step) over run = 5 and min(age_step) over run = max(age_step) over run as ends_ages,
        count(weight_step) over run = 5 and min(weight_step) over run = max(weight_step) over run as ends_weights,
        (min(age_step) over of_file >= 0 or max(age_step) over of_file <= 0) and min(age_step) over of_file < max(age_step) over of_file
            as is_sorted_by_age,
        (min(weight_step) over of_file >= 0 or max(weight_step) over of_file <= 0)
        and min(weight_step) over of_file < max(weight_step) over of_file as is_sorted_by_weight,
    from stepped as s
    window
        of_file as (partition by s.unit, s.study, s.site, s.source_file),
        run as (partition by s.unit, s.study, s.site, s.source_file order by s.source_row rows between 4 preceding and current row)
),
told as (
    select
        d.*,
        bool_or(d.ends_ages) over run and not d.is_sorted_by_age as is_age_run,
        bool_or(d.ends_weights) over run and not d.is_sorted_by_weight as is_weight_run,
    from ended as d
    window run as (partition by d.unit, d.study, d.site, d.source_file order by d.source_row rows between current row and 5 following)
)

select
    t.unit, t.study, t.site, t.subject_id, coalesce(t.is_age_run, false) as is_age_run, coalesce(t.is_weight_run, false) as is_weight_run,
    t.record_key, t.source_file, t.source_row,
from told as t
where t.is_age_run or t.is_weight_run
