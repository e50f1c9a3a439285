-- core.treatment_day: which of a participant's first and last day of treatment rest on a dose whose record is in doubt
-- Grain: study, site, subject_id
-- Reads: core.subject, core.dose_timing, core.treatment_period
-- Why:   a dose half a day or more from its session, before the consent or after the withdrawal is kept as sent and asked about; who reads
--        adsl alone would not see that TRTSDT or TRTEDT may be its wrong date
with taken as (
    select
        study, site, subject_id, dosed_on,
        coalesce(timing_reason = 'IMPLAUSIBLE_LAG' or dosed_on < consented_on or dosed_on > withdrawn_on, false) as is_in_doubt,
    from core.dose_timing
    where taken
),
dosed as (
    select
        study, site, subject_id,
        min(dosed_on) filter (not is_in_doubt) as sure_first_on,
        max(dosed_on) filter (not is_in_doubt) as sure_last_on,
    from taken
    group by study, site, subject_id
)

select
    s.unit,
    s.study,
    s.site,
    s.subject_id,
    s.record_key,
    s.source_file,
    s.source_row,
    nullif(concat_ws(
        ' ',
        case when p.first_on is not null and p.first_on is distinct from d.sure_first_on then 'TRTSDT' end,
        case when p.last_on is not null and p.last_on is distinct from d.sure_last_on then 'TRTEDT' end
    ), '') as in_doubt,
from core.treatment_period as p
inner join core.subject as s on p.study = s.study and p.site = s.site and p.subject_id = s.subject_id
inner join dosed as d on p.study = d.study and p.site = d.site and p.subject_id = d.subject_id
