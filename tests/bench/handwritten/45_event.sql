-- event: adverse events and the terms they stand for. Reads sent_adverse_events, subject, event_term.
create table event_typed as
with read_once as (
    select
        site_no, source_file, source_row, person(subject) as subject_id, is_decimal_id(subject) as is_id_decimal, term as verbatim,
        start as start_raw, partial_date(start) as start_sent, far_history(start_sent) as start_limit,
        case when start_limit is null then start_sent end as start_dtc, serious as serious_raw, severity as severity_raw,
        case when lower(severity) in ('mild', 'moderate', 'severe') then upper(severity) end as severity,
        said(serious) as serious, related,
        hash(severity, serious, related) as row_hash,
    from sent_adverse_events
)
select
    r.*, s.usubjid,
    case when r.subject_id is null then 'key_missing' when s.subject_id is null then 'unknown_subject' when r.verbatim is null then 'verbatim_missing' end as reason,
    row_number() over same_key as copy_no, min(row_hash) over same_key_all <> max(row_hash) over same_key_all as is_conflict,
from read_once as r
left join subject as s on s.site_no = r.site_no and s.subject_id = r.subject_id
window
    same_key as (partition by r.site_no, r.subject_id, r.verbatim, coalesce(r.start_sent, r.start_raw) order by r.source_row),
    same_key_all as (partition by r.site_no, r.subject_id, r.verbatim, coalesce(r.start_sent, r.start_raw));

create table event as
with terms as (
    select t.verbatim, min_by(e, e.term_no) as e
    from (select distinct verbatim from event_typed) as t join event_term as e on regexp_matches(spoken(t.verbatim), e.pattern)
    group by all
)
select
    t.site_no, t.usubjid, t.verbatim, t.start_dtc, first_day(t.start_dtc) as start_on, last_day_of(t.start_dtc) as start_latest,
    t.severity, t.serious, t.related, t.start_raw, t.severity_raw, t.serious_raw, coalesce(m.e.term = 'NOT_AN_EVENT', false) as is_none, nullif(m.e.term, 'NOT_AN_EVENT') as term, m.e.special_interest as special_interest,
    case when m.e.term <> 'NOT_AN_EVENT' then m.e.expected end as expected,
    row_number() over (partition by t.usubjid order by start_on nulls last, t.source_row) as ae_seq,
    t.source_file, t.source_row,
from event_typed as t
left join terms as m using (verbatim)
where t.reason is null and t.copy_no = 1 and not t.is_conflict;

insert into finding
with faults as (
    select site_no, source_file, source_row, concat_ws('|', subject_id, verbatim, start_raw) as key, unnest([
        {{'field': 'started_on', 'raw': start_raw, 'rule': case when start_raw is null then null when start_sent is null then date_fault(start_raw)
            when start_limit = 'in_future' then 'adverse_event_start_in_future' else start_limit end}},
        {{'field': 'severity', 'raw': severity_raw, 'rule': case when severity_raw is not null and severity is null then 'unknown_code' end}},
        {{'field': 'serious', 'raw': serious_raw, 'rule': case when serious_raw is not null and serious is null then 'unknown_code' end}},
    ]) as f
    from event_typed where reason is null and copy_no = 1 and not is_conflict
)
select f.rule, 'withhold', site_no, 'adverse_event', key, f.field, f.raw, source_file, source_row from faults where f.rule is not null
union all
select 'id_decimal', 'note', site_no, 'adverse_event', subject_id, 'subject_id', null, source_file, source_row
from event_typed where reason is null and copy_no = 1 and not is_conflict and is_id_decimal
union all
select
    coalesce(reason, case when is_conflict then 'duplicate_conflict' else 'duplicate_same' end),
    case when reason is not null or is_conflict then 'reject' else 'drop' end,
    site_no, 'adverse_event', concat_ws('|', subject_id, verbatim, start_raw), '', null, source_file, source_row
from event_typed where reason is not null or is_conflict or copy_no > 1;
