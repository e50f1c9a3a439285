-- core.rating_gap: exercises of which a rating is blank that the site sends of most, and whether blanks are rare there
-- Grain: study, site, subject_id, session_no, exercise_no; only exercises with a blank
-- Reads: intake.rating, ref.evidence
-- Why:   without the first begin or the last end a session has no outcome, without the peak its worst moment may be a lower one. A text
--        that could not be read, or is declared missing, is no blank; the first has its own finding
with sent as (
    select
        r.unit, r.study, r.site, r.subject_id, r.session_no, r.exercise_no, r.record_key, r.source_file, r.source_row,
        r.begin_suds is null and r.begin_suds_raw is null as no_begin,
        r.peak_suds is null and r.peak_suds_raw is null as no_peak,
        r.end_suds is null and r.end_suds_raw is null as no_end,
    from intake.rating as r
),
of_site as (
    select
        unit, study, site, count(*) as n_exercises,
        count(*) filter (no_begin) as n_no_begin, count(*) filter (no_peak) as n_no_peak, count(*) filter (no_end) as n_no_end,
    from sent
    group by unit, study, site
),
marked as (
    select
        s.unit, s.study, s.site, s.subject_id, s.session_no, s.exercise_no, s.record_key, s.source_file, s.source_row, o.n_exercises,
        case when s.no_begin and 100 * o.n_no_begin < e.blank_column_pct * o.n_exercises then o.n_no_begin end as n_begin,
        case when s.no_peak and 100 * o.n_no_peak < e.blank_column_pct * o.n_exercises then o.n_no_peak end as n_peak,
        case when s.no_end and 100 * o.n_no_end < e.blank_column_pct * o.n_exercises then o.n_no_end end as n_end,
    from sent as s
    cross join ref.evidence as e
    inner join of_site as o on s.unit = o.unit and s.study = o.study and s.site = o.site
    where s.no_begin or s.no_peak or s.no_end
)

select
    m.unit, m.study, m.site, m.subject_id, m.session_no, m.exercise_no,
    -- the one slip of a site is rare whatever the site's size
    m.n_exercises >= e.blank_min_ratings
    and (least(m.n_begin, m.n_peak, m.n_end) = 1 or 100 * least(m.n_begin, m.n_peak, m.n_end) <= e.blank_usual_pct * m.n_exercises) as is_rare,
    array_to_string([case when m.n_begin is not null then 'begin' end, case when m.n_peak is not null then 'peak' end, case when m.n_end is not null then 'end' end], ', ')
        as blanks,
    m.record_key, m.source_file, m.source_row,
from marked as m
cross join ref.evidence as e
where coalesce(m.n_begin, m.n_peak, m.n_end) is not null
