-- core.medication_period: the days between which each medication surely or possibly began and ended
-- Grain: row_id
-- Reads: intake.medication, ref.unit
-- Why:   a partial date is a range of days. start_on and end_on are its earliest start and latest end (published, flagged);
--        start_earliest..start_latest and end_earliest..end_latest are what decisions are made from; null is unknown.
--        No start sent: it may have begun any day up to its end. No end sent: ongoing, it lasts until the delivery; not ongoing
--        or not said, it may have ended on any day since its start. An end before the start (for certain): nothing is known.
--        The site may declare that no end sent and no word on it means ongoing.
--        An end beside ongoing, or beside ongoing one that cannot be read: after it, it may have ended or not
with ranges as (
    select
        row_id,
        started_on,
        ended_on,
        case length(started_on)
            when 4 then try_cast(started_on || '-01-01' as date)
            when 7 then try_cast(started_on || '-01' as date)
            else try_cast(replace(started_on, '---', '-01-') as date)
        end as start_from,
        case length(started_on)
            when 4 then try_cast(started_on || '-12-31' as date)
            when 7 then last_day(try_cast(started_on || '-01' as date))
            else try_cast(replace(started_on, '---', '-12-') as date)
        end as start_to,
        case length(ended_on)
            when 4 then try_cast(ended_on || '-01-01' as date)
            when 7 then try_cast(ended_on || '-01' as date)
            else try_cast(replace(ended_on, '---', '-01-') as date)
        end as end_from,
        case length(ended_on)
            when 4 then try_cast(ended_on || '-12-31' as date)
            when 7 then last_day(try_cast(ended_on || '-01' as date))
            else try_cast(replace(ended_on, '---', '-12-') as date)
        end as end_to,
    from intake.medication
),
dated as (
    select
        m.row_id,
        r.start_from,
        r.start_to,
        r.end_from,
        r.end_to,
        case
            when length(m.started_on) = 7 then 'D'
            when length(m.started_on) in (4, 9) then 'M'
        end as start_imputed,
        case
            when length(m.ended_on) = 7 then 'D'
            when length(m.ended_on) in (4, 9) then 'M'
        end as end_imputed,
        coalesce(r.end_to < r.start_from, false) as ends_before_start,
        coalesce(m.ongoing, u.blank_end_is_ongoing and m.ongoing_fault is null, false)
        and m.ended_on is null and m.ended_on_fault is null as is_open,
        coalesce(m.ongoing, false) and (m.ended_on is not null or m.ended_on_fault is not null) as is_end_doubtful,
        coalesce(u.delivered_on, date '9999-12-31') as delivered_on,
    from intake.medication as m
    inner join ranges as r on m.row_id = r.row_id
    left join ref.unit as u on m.unit = u.unit
)

select
    row_id,
    is_open,
    start_from as start_on,
    start_imputed,
    end_to as end_on,
    end_imputed,
    ends_before_start,
    case when not ends_before_start then start_from end as start_earliest,
    case
        when ends_before_start then null
        when is_end_doubtful then start_to
        else least(start_to, end_to)
    end as start_latest,
    case
        when ends_before_start then null
        when is_open then greatest(delivered_on, start_to)
        when is_end_doubtful and end_from is null then start_from
        else greatest(end_from, start_from)
    end as end_earliest,
    case when not ends_before_start and not is_end_doubtful then end_to end as end_latest,
from dated
