-- core.subject_run: ages and weights that repeat or count up from row to row of the site's file, and days that are a year off
-- Grain: study, site, subject_id; only participants of whom one of it is so
-- Reads: core.subject, ref.evidence
-- Why:   a cell dragged down in a spreadsheet fills the ones below with itself or counts up, and each value alone looks right. A run is
--        six rows, five equal steps; a file sorted by the column has small steps everywhere and is no run, unless all steps are the same.
--        is_year_off: where a file's rows stand in the order of enrolment, the days of one who was enrolled between two others lie far
--        from both, and between them once the year is another; or one lies far from all others of the site, but for the year among them
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
enrolled as (
    select
        s.study, s.site, s.subject_id, coalesce(s.randomized_on, s.consented_on) as enrolled_on,
        lag(enrolled_on) over of_file as row_before_on,
        lead(enrolled_on) over of_file as row_after_on,
        lag(enrolled_on) over by_day as day_before,
        lead(enrolled_on) over by_day as day_after,
        count(*) over (partition by s.study, s.site) as n_enrolled,
        min(enrolled_on) over others as first_on,
        max(enrolled_on) over others as last_on,
    from core.subject as s
    where coalesce(s.randomized_on, s.consented_on) is not null
    window
        of_file as (partition by s.study, s.site, s.source_file order by s.source_row),
        by_day as (partition by s.study, s.site order by coalesce(s.randomized_on, s.consented_on), s.source_file, s.source_row),
        others as (
            partition by s.study, s.site order by s.source_file, s.source_row
            rows between unbounded preceding and unbounded following exclude current row
        )
),
usual as (
    select
        study, site,
        count(*) filter (enrolled_on >= row_before_on) / nullif(count(row_before_on), 0) as in_order,
        median(enrolled_on - day_before) as usual_days,
    from enrolled
    group by study, site
),
moved as (
    select n.*, u.in_order, u.usual_days, (n.enrolled_on + interval 1 year * y.years)::date as moved_on,
    from enrolled as n
    inner join usual as u on n.study = u.study and n.site = u.site
    cross join (values (-1), (1)) as y (years)
),
year_off as (
    select distinct m.study, m.site, m.subject_id,
    from moved as m
    cross join ref.evidence as e
    where
        m.n_enrolled >= e.enrolled_min_participants
        and (
            (
                100 * m.in_order >= e.enrolled_in_order_pct
                and abs(m.enrolled_on - m.row_before_on) > e.enrolled_far_days and abs(m.enrolled_on - m.row_after_on) > e.enrolled_far_days
                and m.enrolled_on not between m.row_before_on and m.row_after_on
                and m.row_before_on - m.moved_on <= e.enrolled_near_days and m.moved_on - m.row_after_on <= e.enrolled_near_days
            )
            or (
                least(m.enrolled_on - m.day_before, m.day_after - m.enrolled_on)
                >= greatest(e.enrolled_alone_days, e.enrolled_alone_ratio * m.usual_days)
                and m.enrolled_on not between m.first_on and m.last_on
                and m.first_on - m.moved_on <= e.enrolled_near_days and m.moved_on - m.last_on <= e.enrolled_near_days
            )
        )
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
    y.subject_id is not null as is_year_off,
    t.record_key, t.source_file, t.source_row,
from told as t
left join year_off as y on t.study = y.study and t.site = y.site and t.subject_id = y.subject_id
where t.is_age_run or t.is_weight_run or y.subject_id is not null
