-- core.event_course: adverse events of a site whose dates fit the participants of the rows beside better than their own
-- Grain: unit, study, site, source_file, row_id; only of files of which it is so
-- Reads: intake.adverse_event, core.subject, ref.trial, ref.evidence
-- Why:   a column of participants, or of dates, that was pasted a row too low gives each event to another one: it then lies before the
--        consent, or long after the last visit, of many at once, and back in its time once the participant of the row above, or the one
--        before in the list, is taken. n_off: events outside the participant's time in the trial; way: what explains them; n_left: how
--        many it leaves outside
with event as (
    select
        a.unit, a.study, a.site, a.subject_id, a.row_id, a.record_key, a.source_file, a.source_row, a.started_on::date as start_on,
        a.consented_on as from_on,
        a.last_planned_on as to_on,
    from intake.adverse_event as a
    where length(a.started_on) = 10 and a.consented_on is not null and a.last_planned_on is not null
),
person as (
    select
        s.study, s.site, s.subject_id,
        lag(s.consented_on) over list as from_before,
        lag(s.randomized_on + t.last_planned_day) over list as to_before,
        lead(s.consented_on) over list as from_after,
        lead(s.randomized_on + t.last_planned_day) over list as to_after,
    from core.subject as s
    inner join ref.trial as t on s.study = t.study
    window list as (partition by s.study, s.site order by s.subject_id)
),
beside as (
    select
        e.unit, e.study, e.site, e.subject_id, e.row_id, e.record_key, e.source_file, e.source_row,
        not e.start_on between e.from_on and e.to_on as is_off,
        {
            'the participant of the row above': not e.start_on between lag(e.from_on) over of_file and lag(e.to_on) over of_file,
            'the participant of the row below': not e.start_on between lead(e.from_on) over of_file and lead(e.to_on) over of_file,
            'the participant before in the list': not e.start_on between p.from_before and p.to_before,
            'the participant after in the list': not e.start_on between p.from_after and p.to_after
        } as is_off_by,
    from event as e
    inner join person as p on e.study = p.study and e.site = p.site and e.subject_id = p.subject_id
    window of_file as (partition by e.unit, e.study, e.site, e.source_file order by e.source_row, e.row_id)
),
of_file as (
    select
        unit, study, site, source_file,
        count(*) as n_events,
        count(*) filter (is_off) as n_off,
        list_sort([
            {'n': count(*) filter (is_off_by['the participant of the row above']), 'way': 'the participant of the row above'},
            {'n': count(*) filter (is_off_by['the participant of the row below']), 'way': 'the participant of the row below'},
            {'n': count(*) filter (is_off_by['the participant before in the list']), 'way': 'the participant before in the list'},
            {'n': count(*) filter (is_off_by['the participant after in the list']), 'way': 'the participant after in the list'}
        ])[1] as best,
    from beside
    group by unit, study, site, source_file
)

select
    b.unit, b.study, b.site, b.subject_id, b.row_id, f.n_events, f.n_off, f.best.way as way, f.best.n as n_left, b.record_key, b.source_file,
    b.source_row,
from beside as b
inner join of_file as f on b.unit = f.unit and b.study = f.study and b.site = f.site and b.source_file = f.source_file
cross join ref.evidence as e
where f.n_off >= e.event_shift_min
