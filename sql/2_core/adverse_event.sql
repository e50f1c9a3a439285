-- core.adverse_event: every adverse event with its term, the days between which it began, and days since the last one alike
-- Grain: unit, study, site, subject_id, ae_seq
-- Reads: intake.adverse_event, ref.adverse_event_coding, ref.adverse_event_term, ref.evidence
-- Why:   the first pattern of the word list that fits decides; n_terms: how many terms the parts of the text have. The term
--        NOT_AN_EVENT stands for "none" and for a denied symptom:
--        the row is kept without a term. A partial start is a range of days; start_on is the earliest, flagged. days_since_alike: since
--        one of the same term (or words) and severity; n_again: how often that is a day or two at the site
with dated as (
    select
        a.unit, a.study, a.site, a.subject_id, a.row_id, a.record_key, a.source_file, a.source_row, a.verbatim, a.verbatim_raw,
        a.started_on, a.started_on_raw, a.severity, a.serious, a.related, a.delivery_no, a.row_hash,
        case length(a.started_on)
            when 4 then try_cast(a.started_on || '-01-01' as date)
            when 7 then try_cast(a.started_on || '-01' as date)
            else try_cast(replace(a.started_on, '---', '-01-') as date)
        end as start_earliest,
        case length(a.started_on)
            when 4 then try_cast(a.started_on || '-12-31' as date)
            when 7 then last_day(try_cast(a.started_on || '-01' as date))
            else try_cast(replace(a.started_on, '---', '-12-') as date)
        end as start_latest,
        case
            when length(a.started_on) = 7 then 'D'
            when length(a.started_on) in (4, 9) then 'M'
        end as start_imputed,
    from intake.adverse_event as a
),
repeated as (
    -- the same words of an earlier delivery, all but the start alike, and the start such as a correction would leave it
    select distinct l.row_id
    from dated as l
    cross join ref.evidence as v
    inner join dated as e
        on l.unit = e.unit and l.study = e.study and l.site = e.site and l.subject_id = e.subject_id
        and lower(trim(l.verbatim)) = lower(trim(e.verbatim)) and l.row_hash = e.row_hash and l.delivery_no > e.delivery_no
    where
        l.start_earliest is null or e.start_earliest is null
        or (l.start_earliest <= e.start_latest and e.start_earliest <= l.start_latest)
        or abs(l.start_earliest - e.start_earliest) <= v.event_repeat_days
        or strftime(l.start_earliest, '%m-%d') = strftime(e.start_earliest, '%m-%d')
        or strftime(l.start_earliest, '%Y-%m-%d') = strftime(e.start_earliest, '%Y-%d-%m')
),
coded as (
    select
        d.*,
        case when t.term <> 'NOT_AN_EVENT' then t.term end as term,
        t.special_interest,
        case when t.term <> 'NOT_AN_EVENT' then t.expected end as is_expected,
        coalesce(t.term <> 'NOT_AN_EVENT', true) as is_event,
        m.n_terms,
        d.start_earliest - lag(d.start_earliest) over (
            partition by
                d.unit, d.study, d.site, d.subject_id, coalesce(t.term, lower(trim(d.verbatim))), d.severity, d.start_imputed is null
            order by d.start_earliest, d.row_id
        ) as days_before,
        case when t.term is distinct from 'NOT_AN_EVENT' and d.start_imputed is null then days_before end as days_since_alike,
    from dated as d
    left join ref.adverse_event_coding as m on d.verbatim = m.verbatim
    left join ref.adverse_event_term as t on m.term_no = t.term_no
)

select
    d.unit, d.study, d.site, d.subject_id,
    row_number() over (partition by d.unit, d.study, d.site, d.subject_id order by d.start_earliest nulls last, d.row_id)::integer
        as ae_seq,
    d.row_id, d.verbatim, d.verbatim_raw, d.term, d.special_interest, d.is_expected, d.is_event, d.n_terms,
    d.started_on as start_dtc,
    d.started_on, d.started_on_raw,
    d.start_earliest as start_on,
    d.start_imputed, d.start_earliest, d.start_latest, d.severity, d.serious, d.related,
    d.row_id in (select row_id from repeated) as may_be_repeated,
    d.days_since_alike,
    count(*) filter (d.days_since_alike <= e.event_twice_days) over of_site as n_again,
    count(*) over of_site as n_events,
    d.record_key, d.source_file, d.source_row,
from coded as d
cross join ref.evidence as e
window of_site as (partition by d.unit, d.study, d.site)
