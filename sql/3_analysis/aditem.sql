-- analysis.aditem: every answered item of every assessment
-- Grain: USUBJID, PARCAT1, ITEMCD, AVISIT, ADT
-- Reads: core.form, core.form_visit, ref.item
-- Why:   forms are put in order while they are few and then taken apart; an item without an answer has no row
with code as (
    select instrument, list(item_code::item_name order by item_no) as item_codes,
    from ref.item
    group by instrument
),
ordered as (
    select
        v.study::study_name as study, v.usubjid::subject_name as usubjid, v.site::site_name as site,
        f.instrument::instrument_name as instrument, v.visit::visit_name as visit, v.assessed_on, f.source_file::file_name as source_file,
        f.source_row, f.item_rows, f.item_files::file_name[] as item_files, f.item_values, c.item_codes,
    from core.form as f
    inner join core.form_visit as v on f.form_id = v.form_id
    inner join code as c on f.instrument = c.instrument
    where v.is_told_apart and f.n_answered > 0
    order by v.form_no
),
apart as (
    -- lists that are null (items of one row have no rows of their own) are filled up with null
    select
        study, usubjid, site, instrument, visit, assessed_on, source_file, source_row,
        unnest(item_codes) as item_code,
        unnest(item_values) as item_value,
        unnest(item_rows) as item_row,
        unnest(item_files) as item_file,
    from ordered
)

select
    study as STUDYID,
    usubjid as USUBJID,
    site as SITEID,
    instrument as PARCAT1,
    item_code as ITEMCD,
    visit as AVISIT,
    assessed_on as ADT,
    item_value as AVAL,
    coalesce(item_file, source_file) as SRCFILE,
    coalesce(item_row, source_row) as SRCROW,
from apart
where item_value is not null
