-- core.site_missing_code: numbers that are often a code for missing, and how often a site sends them and the ones beside them
-- Grain: study, site, field_name, code
-- Reads: staging.subject, core.total_check
-- Why:   99 is a legal weight and a legal total; that it comes again and again, and its neighbours do not, is no chance. Weights are
--        looked at as sent, before pounds become kilograms and without a unit behind them. Totals only where nothing else was sent:
--        items tell otherwise
with number as (
    select
        unit, study, site, 'weight_kg' as field_name,
        try_cast(replace(regexp_extract(weight_kg_raw, '^\s*([0-9]+([.,][0-9]+)?)', 1), ',', '.') as double) as sent,
        source_file,
    from staging.subject
    union all
    select unit, study, site, paramcd, total, source_file,
    from core.total_check
    where n_answered = 0
),
code as (
    select unnest([99, 999]) as code
)

select
    n.unit,
    n.study,
    n.site,
    null::varchar as subject_id,
    n.field_name,
    c.code,
    n.field_name || '|' || c.code as record_key,
    min(n.source_file) as source_file,
    null::bigint as source_row,
    count(*) filter (n.sent = c.code) as n_code,
    count(*) filter (n.sent <> c.code) as n_beside,
from number as n
inner join code as c on abs(n.sent - c.code) <= 2
group by n.unit, n.study, n.site, n.field_name, c.code
