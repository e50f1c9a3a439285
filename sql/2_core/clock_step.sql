-- core.clock_step: whether a site's sessions begin at another hour, or its doses lie elsewhere, from one day, or one session, on
-- Grain: unit, study, site, what (SESSION, DOSE); only sites at which some participant's sessions, or doses, all move
-- Reads: core.session, core.dose_timing, ref.evidence
-- Why:   an export that changes its clock (UTC for local time, summer for winter time) moves all later sessions, or those entered in
--        another form, by the same; doses move along, so that no lag shows it. One participant may have another hour from now on; all
--        at once do not. A step: every later session begins by a good half hour later, or every one earlier, than all before it.
--        Doses likewise, by their distance to what the trial's window is about: PRE and POST are compared each by itself.
--        n_spanning: participants with two sessions on either side of the cut; n_stepped: those of them who step there alike
with held as (
    select
        v.unit, v.study, v.site, 'SESSION' as what, v.subject_id, v.session_no, v.started_on, v.source_file,
        (epoch_us(v.started_at_site) % 86400000000) / 6e7 as begins_min,
    from core.session as v
    where v.attended and v.started_at_utc is not null
    union all
    select
        d.unit, d.study, d.site, d.time_point, d.subject_id, d.session_no, d.session_on, d.source_file, d.window_lag_min,
    from core.dose_timing as d
    where d.taken and d.is_timed and d.time_point in ('PRE', 'POST') and d.window_lag_min is not null
),
beside as (
    select
        unit, study, site, what, subject_id, started_on, session_no,
        lead(started_on) over by_day as next_on,
        lead(session_no) over by_day as next_no,
        count(*) over before as n_before,
        count(*) over after as n_after,
        min(begins_min) over before as least_before,
        max(begins_min) over before as most_before,
        min(begins_min) over after as least_after,
        max(begins_min) over after as most_after,
        round(avg(begins_min) over after - avg(begins_min) over before, 6) as step_min,
    from held
    window
        by_day as (partition by unit, study, site, what, subject_id order by started_on, session_no),
        before as (
            partition by unit, study, site, what, subject_id order by started_on, session_no
            rows between unbounded preceding and current row
        ),
        after as (
            partition by unit, study, site, what, subject_id order by started_on, session_no
            rows between 1 following and unbounded following
        )
),
step as (
    select b.unit, b.study, b.site, b.what, b.subject_id, b.started_on, b.session_no, b.next_on, b.next_no, b.step_min,
    from beside as b
    cross join ref.evidence as e
    where
        b.n_before > 1 and b.n_after > 1
        and (b.least_after - b.most_before >= e.clock_step_min or b.least_before - b.most_after >= e.clock_step_min)
),
cut as (
    select distinct unit, study, site, what, next_on as cut_on, null::integer as cut_no, from step
    union all
    select distinct unit, study, site, what, null::date, next_no, from step
),
spanning as (
    select
        c.unit, c.study, c.site, c.what, c.cut_on, c.cut_no, h.subject_id,
    from cut as c
    inner join held as h on c.unit = h.unit and c.study = h.study and c.site = h.site and c.what = h.what
    group by c.unit, c.study, c.site, c.what, c.cut_on, c.cut_no, h.subject_id
    having
        count(*) filter (coalesce(h.started_on >= c.cut_on, h.session_no >= c.cut_no)) > 1
        and count(*) filter (coalesce(h.started_on < c.cut_on, h.session_no < c.cut_no)) > 1
),
met as (
    select
        p.unit, p.study, p.site, p.what, p.cut_on, p.cut_no, p.subject_id,
        s.step_min,
        median(s.step_min) over (partition by p.unit, p.study, p.site, p.what, p.cut_on, p.cut_no) as usual_step_min,
    from spanning as p
    left join step as s
        on p.unit = s.unit and p.study = s.study and p.site = s.site and p.what = s.what and p.subject_id = s.subject_id
        and coalesce(s.started_on < p.cut_on and p.cut_on <= s.next_on, s.session_no < p.cut_no and p.cut_no <= s.next_no)
),
counted as (
    select
        m.unit, m.study, m.site, m.what, m.cut_on, m.cut_no,
        count(distinct m.subject_id) as n_spanning,
        count(distinct m.subject_id) filter (abs(m.step_min - m.usual_step_min) <= e.clock_step_alike_min) as n_stepped,
        any_value(m.usual_step_min) as step_min,
    from met as m
    cross join ref.evidence as e
    group by m.unit, m.study, m.site, m.what, m.cut_on, m.cut_no
)

select
    c.unit, c.study, c.site,
    if(c.what = 'SESSION', 'SESSION', 'DOSE') as what,
    null::varchar as subject_id,
    c.site as record_key,
    (
        select min(h.source_file) from held as h
        where h.unit = c.unit and h.study = c.study and h.site = c.site and h.what = c.what
    ) as source_file,
    null::bigint as source_row,
    c.n_spanning, c.n_stepped,
    round(c.step_min)::integer as step_min,
    coalesce(c.cut_on::varchar, 'session ' || c.cut_no) as since,
from counted as c
qualify row_number() over (
    partition by c.unit, c.study, c.site, c.what = 'SESSION'
    order by c.n_stepped desc, c.n_spanning, c.cut_on nulls last, c.cut_no, c.what
) = 1
