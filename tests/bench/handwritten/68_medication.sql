-- Medications and adverse events: queries and notes that change nothing. Reads medication, event, treatment, subject, session, event_term.
insert into finding
with again as (
    select usubjid, source_row, dense_rank() over (partition by usubjid, ingredient, start_dtc order by source_row) as nth, ingredient,
        max(end_earliest) over (partition by usubjid, ingredient order by start_earliest, source_row rows between unbounded preceding and 1 preceding) - start_latest as days_beside,
    from medication
)
select told([
        case when m.is_coded and m.part_no = 1 and (m.codestat <> 'EXACT_INGREDIENT' or m.cleaned <> lower(m.verbatim)) then 'medication_name_cleaned' end,
        case when m.codestat = 'UNCODED' then 'medication_uncoded' end, case when m.codestat = 'AMBIGUOUS' then 'medication_ambiguous' end,
        case when not m.is_drug then 'medication_not_a_drug' end, case when m.is_study_drug then 'medication_study_drug' end,
        case when m.by_use then 'medication_by_use' end,
        case when try_cast(replace(regexp_extract(lower(m.verbatim), '^\D*(\d+(?:[.,]\d+)?)\s*mg\D*$', 1), ',', '.') as double) <= m.review_to_mg then 'medication_low_dose' end,
        case when m.is_coded and m.start_dtc is not null and a.nth = 2 then 'medication_repeated' end,
        case when m.is_coded and m.start_dtc is not null and a.nth = 1 and a.days_beside > 30 then 'medication_beside_itself' end,
        case when m.is_reversed then 'medication_end_before_start' end,
        case when m.is_prohibited and not coalesce(m.end_latest < t.first_on, false) then 'medication_prohibited' end,
    ]), 'query', m.site_no, 'medication', concat_ws('|', m.usubjid, m.verbatim), '', null, m.source_file, m.source_row
from medication as m left join again as a on a.usubjid = m.usubjid and a.source_row = m.source_row and a.ingredient is not distinct from m.ingredient
left join treatment as t on t.usubjid = m.usubjid
union all
select told([
        case when ongoing and end_dtc is not null then 'medication_ongoing_with_end' end, case when not ongoing and end_raw is null then 'medication_end_missing' end,
        case when ongoing_raw is null and end_raw is null then 'medication_ongoing_unknown' end, case when start_raw is null then 'medication_start_missing' end,
        case when is_garbled(verbatim) then 'text_garbled' end,
        case when start_dtc in ('1970-01-01', '1960-01-01', '1904-01-01', '1900-01-01') then 'date_placeholder' end,
        case when left(start_dtc, 4)::int < birth_year then 'medication_before_birth' end,
    ]), 'query', site_no, 'medication', concat_ws('|', usubjid, verbatim), '', null, source_file, source_row
from medication_kept;

-- what the words of an event say: several terms, none at all, a letter from one of special interest, something serious
insert into finding
with said as (select distinct verbatim, spoken(verbatim) as words from event),
part as (
    select verbatim, trim(unnest(regexp_split_to_array(words, '[,;/+&]| (?:and|und|et|y|e|en|och|og) '))) as part from said
    where regexp_matches(words, '[,;/+&]| (and|und|et|y|e|en|och|og) ')
),
several as (
    select verbatim from (
        select p.verbatim, p.part, arg_min(e.term, e.term_no) as term from part as p join event_term as e on regexp_matches(p.part, e.pattern)
        where p.part <> '' and not regexp_matches(p.part, '^(?:no|not|without|denies|ohne|kein[a-z]*|sans|sin|senza|sem|zonder|utan|uden|uten)\b') group by all
    ) group by verbatim having count(distinct term) > 1
),
alike as (
    select site_no, source_file, source_row, not is_none and len(start_dtc) = 10 and start_on - lag(start_on) over (
            partition by usubjid, coalesce(term::varchar, case when is_none then 'NOT_AN_EVENT' else lower(verbatim) end), severity, len(start_dtc) = 10 order by start_on, source_row
        ) <= 2 as is_again
    from event
),
again as (select source_file, source_row, is_again, count(*) filter (is_again) over w as n_again, count(*) over w as n from alike window w as (partition by site_no)),
word as (select distinct verbatim, unnest(regexp_extract_all(regexp_replace(words, '[®™©]', '', 'g'), '\w+')) as word from said where verbatim in (select verbatim from event where term is null)),
misspelt as (
    select distinct w.verbatim from word as w join (select unnest(near) as near from event_term) as e
        on length(w.word) >= 6 and abs(length(w.word) - length(e.near)) <= 1 and damerau_levenshtein(w.word, e.near) <= 1
)
select told([
        case when e.start_latest < s.consented_on then 'adverse_event_before_consent' end,
        case when e.start_on > s.randomized_on + 196 + 180 then 'adverse_event_after_course' end,
        case when e.serious_raw is null then 'adverse_event_serious_missing' end, case when e.severity_raw is null then 'adverse_event_severity_missing' end,
        case when is_garbled(e.verbatim) then 'text_garbled' end,
        case when e.start_raw is null then 'adverse_event_start_missing' end, case when e.serious and e.severity = 'MILD' then 'adverse_event_serious_mild' end,
        case when e.special_interest <> '' then 'adverse_event_special_interest' end, case when e.is_none then 'adverse_event_not_an_event' end,
        case when e.is_none and e.severity is not null then 'adverse_event_none_graded' end,
        case when x.verbatim is not null then 'adverse_event_several' end, case when not e.is_none and e.term is null then 'adverse_event_uncoded' end,
        case when a.is_again and (a.n_again = 1 or 20 * a.n_again <= a.n) then 'adverse_event_twice' end, case when m.verbatim is not null and not e.is_none and e.term is null then 'adverse_event_misspelt' end,
        case when not e.serious and w.verbatim is not null then 'adverse_event_serious_by_word' end,
    ]), 'query', e.site_no, 'adverse_event', concat_ws('|', e.usubjid, e.verbatim), '', null, e.source_file, e.source_row
from event as e join subject as s using (usubjid) left join several as x using (verbatim) left join misspelt as m using (verbatim)
left join again as a on a.source_file = e.source_file and a.source_row = e.source_row
left join (
    select distinct verbatim from event
    where regexp_matches(lower(verbatim), '^(sudden |unexplained |patient |participant |subject )?(death|died)\b|\bfatal\b|life[- ]threatening|suicide attempt|attempt(ed)? (at )?suicide|completed suicide'
            || '|suizidversuch|selbstmordversuch|\b(re)?hospitali[sz](ed|ation)\b|admi(tted|ssion) to (the |a )?(psychiatric )?(hospital|ward)|(psychiatric|inpatient|hospital) admission')
        and not regexp_matches(lower(verbatim), '\b(no|not|without|denie[sd]|family|mother|father|parent|brother|sister|friend|relative|fear of|afraid of)\b')
) as w using (verbatim)
union all
select 'serious_mostly_site', 'query', site_no, 'site_event', '', '', null, null, null
from event where not is_none and serious is not null group by site_no having count(*) >= 5 and 2 * count(*) filter (serious) > count(*)
union all
select 'events_uncoded_site', 'query', site_no, 'site_event', '', '', null, null, null
from event where not is_none group by site_no having count(*) >= 8 and 5 * count(term) < count(*)
union all
select 'event_terms_cut_site', 'query', site_no, 'site_event', '', '', null, null, null
from (select site_no, verbatim, max(length(verbatim)) over (partition by site_no) as longest from (select distinct site_no, verbatim from event where not is_none))
group by site_no having any_value(longest) >= 8 and count(*) filter (length(verbatim) = longest) >= 4
    and count(*) filter (length(verbatim) = longest) >= count(*) filter (length(verbatim) between longest - 3 and longest - 1);

-- records that stop in the middle of the participants who have had half of the sessions
insert into finding
with far as (select site_no, usubjid from session where attended group by all having count(*) >= 6),
sent as (
    select 'medication' as t, site_no, usubjid, source_file, source_row from medication_kept
    union all
    select 'event', site_no, usubjid, source_file, source_row from event
),
whole as (
    select t, site_no, max(usubjid::varchar) as last_one, list(distinct usubjid) as who
    from (select *, lag(usubjid::varchar) over (partition by t, site_no order by source_row) as above from sent)
    group by t, site_no having bool_and(usubjid::varchar >= above) and count(distinct source_file) = 1
),
n as (
    select t, site_no, count(*) as n, count(*) filter (list_contains(who, usubjid)) as k, count(*) filter (usubjid::varchar > last_one) as behind
    from whole join far using (site_no) group by t, site_no
)
select 'table_ends_early', 'query', site_no, 'table_end', '', '', null, null, null
from n where k > 0 and behind > 0 and lgamma(n - behind + 1) - lgamma(n - behind - k + 1) - lgamma(n + 1) + lgamma(n - k + 1) <= ln(0.001);
