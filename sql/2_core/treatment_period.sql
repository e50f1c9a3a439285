-- core.treatment_period: the days of each participant's first and last taken dose
-- Grain: study, site, subject_id
-- Reads: core.dose_timing, core.doubtful_dose
-- Why:   medications and adverse events are set against it. Site-local days. A first (last) dose whose day is unknown leaves
--        first_on (last_on) null although a dose was taken: later or earlier days must not stand in for it
--        A record that may be an earlier (later) dose does the same, and so does a dose with neither session nor date. known_first_on,
--        known_last_on: of the doses whose day is known; the participant surely was treated from the one to the other
with taken as (
    select
        study,
        site,
        subject_id,
        count(*) as n_taken,
        bool_or(session_no is null and dosed_on is null) as is_unplaced,
        case when arg_min(dosed_on is not null, dose_no) and not is_unplaced then min(dosed_on) end as first_on,
        case when arg_max(dosed_on is not null, dose_no) and not is_unplaced then max(dosed_on) end as last_on,
        min(dosed_on) as known_first_on,
        max(dosed_on) as known_last_on,
    from core.dose_timing
    where taken
    group by study, site, subject_id
)

select
    t.study,
    t.site,
    t.subject_id,
    t.n_taken,
    case when q.n_doubtful is null or q.earliest_on >= t.first_on then t.first_on end as first_on,
    case when q.n_doubtful is null or q.latest_on <= t.last_on then t.last_on end as last_on,
    t.known_first_on,
    t.known_last_on,
from taken as t
left join core.doubtful_dose as q on t.study = q.study and t.site = q.site and t.subject_id = q.subject_id
