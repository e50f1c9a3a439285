-- core.event_spelling: adverse events without a term that are a letter away from a known one
-- Grain: unit, study, site, subject_id, ae_seq; only such events
-- Reads: core.adverse_event, ref.adverse_event_near, ref.adverse_event_term
-- Why:   a seizure misspelt is a seizure, and insmnia counts as no insomnia. Likeness never codes; the site is asked
select
    a.unit, a.study, a.site, a.subject_id, a.ae_seq, a.verbatim, a.verbatim_raw, a.record_key, a.source_file, a.source_row,
    t.term as near_term,
from core.adverse_event as a
inner join ref.adverse_event_near as n on a.verbatim = n.verbatim
inner join ref.adverse_event_term as t on n.term_no = t.term_no
