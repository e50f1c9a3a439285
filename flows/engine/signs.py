"""What the values of a site come to, in a few numbers: how often each coded word stands, between which figures most lie, which amounts.

What belongs here: counting them in a batch, for the receipts of its units. What does not: holding one site's beside those of others
(beside.py), the table that check-config shows of one export (comes_to.py).

Values are counted as they are kept, amounts as they are sent: an impossible one is the sign of a wrong unit. Nothing here is published.
"""

from __future__ import annotations

from typing import Any

import duckdb

#: {table.field: {word: rows}}, {name: [n, p10, p50, p90]}, {amount in mg: doses}, {sex: adults weighed, sum and sum of squares of 100 g},
#: {instrument: {item: participants, sum and sum of squares of their answers}}, sessions on each day of the week from Monday on,
#: {table.field of neither words nor figures: rows with a value}.
Signs = dict[str, Any]
Of = dict[tuple[int, str], Signs]

#: table.field of coded words.
CODES = {
    "subject.sex": ("subject", "sex"), "session.attended": ("session", "attended"), "dose.taken": ("dose", "taken"),
    "adverse_event.severity": ("adverse_event", "severity"), "adverse_event.serious": ("adverse_event", "serious"),
    "medication.ongoing": ("medication", "ongoing"),
}  # fmt: skip
#: Fields of neither, of which is counted only on how many rows they have a value.
SENT = ("adverse_event.related", "adverse_event.started_on", "medication.started_on", "subject.consented_on", "subject.randomized_on")
_HOUR = "(epoch_us({0}) % 86400000000) / 3.6e9"
_MINUTES = "(epoch_us({0}) - epoch_us({1})) / 6e7"
_SESSION = "intake.session where attended is distinct from false"
_LAGS = """(
    select d.unit, d.site, d.dosed_at_utc, v.started_at_utc
    from intake.dose as d
    inner join intake.session as v
        on d.unit = v.unit and d.site = v.site and d.subject_id = v.subject_id and d.session_no = v.session_no
    where d.taken is distinct from false)"""
#: Days from randomization to the first session.
_FIRST = """(
    select v.unit, v.site, v.started_at_on - p.randomized_on as days
    from intake.session as v
    inner join intake.subject as p on v.unit = p.unit and v.site = p.site and v.subject_id = p.subject_id
    where v.session_no = 1 and v.attended is distinct from false)"""
#: Name of a figure -> (its number, where it stands).
FIGURES = {
    "subject.age_years": ("age_years", "intake.subject"),
    "subject.weight_kg": ("weight_kg", "intake.subject"),
    "session.started_at": (_HOUR.format("started_at_site"), _SESSION),
    "session.exposure_started_at": (_MINUTES.format("exposure_started_at_utc", "started_at_utc"), _SESSION),
    "session.ended_at": (_MINUTES.format("ended_at_utc", "started_at_utc"), _SESSION),
    "dose.dosed_at": (_MINUTES.format("started_at_utc", "dosed_at_utc"), _LAGS),
    "subject.randomized_on": ("days", _FIRST),
    "rating.begin": ("begin_suds", "intake.rating"),
    "rating.peak": ("peak_suds", "intake.rating"),
    "rating.end": ("end_suds", "intake.rating"),
}  # fmt: skip
#: Amounts of a site that are kept apart; those beyond are not of a protocol.
_AMOUNTS = 40


def take(con: duckdb.DuckDBPyConnection) -> Of:
    """(unit, site) -> its signs, from the judged tables of a batch."""
    out: Of = {}
    codes = " union all ".join(
        f"select unit, site::varchar, '{name}', {field}::varchar, count(*) from intake.{table} where {field} is not null group by all"
        for name, (table, field) in CODES.items()
    )
    for unit, site, name, word, n in con.execute(f"{codes} order by all").fetchall():
        _of(out, unit, site)["codes"].setdefault(name, {})[word] = n
    figures = " union all ".join(
        f"select unit, site::varchar, '{name}', count({number}), quantile_cont({number}, [0.1, 0.5, 0.9]) from {place} group by unit, site"
        for name, (number, place) in FIGURES.items()
    )
    for unit, site, name, n, parts in con.execute(figures).fetchall():
        if n:
            _of(out, unit, site)["figures"][name] = [n, *(round(p, 3) for p in parts)]
    weights = """
        select unit, site::varchar, sex, count(*), sum(round(10 * weight_kg)::bigint), sum(round(10 * weight_kg)::bigint ** 2)::bigint
        from intake.subject where weight_kg is not null and sex in ('F', 'M') and age_years >= 18 group by all order by 1, 2, 3"""
    for unit, site, sex, *sums in con.execute(weights).fetchall():
        _of(out, unit, site)["weights"][sex] = [int(s) for s in sums]
    amounts = """
        select unit, site::varchar, dose_mg, count(*) as n from staging.dose
        where dose_mg is not null and taken is distinct from false and site is not null
        group by all order by 1, 2, 4 desc, 3"""
    for unit, site, amount, n in con.execute(amounts).fetchall():
        kept = _of(out, unit, site)["amounts"]
        if len(kept) < _AMOUNTS:
            kept[f"{amount:.12g}"] = n
    sent = " union all ".join(
        f"select unit, site::varchar, '{name}', count({name.partition('.')[2]}) from intake.{name.partition('.')[0]} group by unit, site"
        for name in SENT
    )
    for unit, site, name, n in con.execute(f"{sent} order by all").fetchall():
        if n:
            _of(out, unit, site)["sent"][name] = n
    _days_of_week(con, out)
    _items(con, out)
    return out


def _days_of_week(con: duckdb.DuckDBPyConnection, out: Of) -> None:
    days = """
        select unit, site::varchar, isodow(started_at_on) as day, count(*) from intake.session
        where attended is distinct from false and started_at_on is not null group by all order by all"""
    for unit, site, day, n in con.execute(days).fetchall():
        _of(out, unit, site)["weekdays"][day - 1] = n


def _items(con: duckdb.DuckDBPyConnection, out: Of) -> None:
    """Of the first form of each participant, as the others hardly say more of a site; answers on 0-100 of their item's range, rounded so
    that no order of adding them up shows."""
    answers = """
        with first_form as (
            select min(row_id) as row_id from intake.form group by unit, site, instrument, subject_id
        ),
        first_visit as (
            select unit, site, instrument, subject_id, arg_min(coalesce(visit_key, ''), row_id) as visit,
                arg_min(coalesce(date_key, ''), row_id) as day
            from intake.item where counts and not is_total group by unit, site, instrument, subject_id
        ),
        answer as (
            select f.unit, f.site, f.instrument, unnest(range(1, len(f.item_values) + 1)) as item_no, unnest(f.item_values) as answer
            from intake.form as f
            semi join first_form as x on f.row_id = x.row_id
            union all
            select i.unit, i.site, i.instrument, i.item_no, i.value
            from intake.item as i
            semi join first_visit as x
                on i.unit = x.unit and i.site = x.site and i.instrument = x.instrument and i.subject_id = x.subject_id
                and coalesce(i.visit_key, '') = x.visit and coalesce(i.date_key, '') = x.day
            where i.counts and not i.is_total
        ),
        met as (select unit, site, instrument, item_no, answer, count(*) as n from answer where answer is not null group by all)
        select
            a.unit, a.site::varchar, a.instrument, i.item_code,
            sum(a.n)::bigint, sum(a.n * p.pomp)::bigint, sum(a.n * p.pomp * p.pomp)::bigint
        from met as a
        inner join ref.item as i on a.instrument = i.instrument and a.item_no = i.item_no
        cross join (select round(100 * (a.answer - i.item_min) / (i.item_max - i.item_min))::bigint as pomp) as p
        where a.answer between i.item_min and i.item_max
        group by a.unit, a.site, a.instrument, i.item_code, i.item_no order by 1, 2, 3, i.item_no"""
    for unit, site, instrument, code, n, total, squares in con.execute(answers).fetchall():
        _of(out, unit, site)["items"].setdefault(instrument, {})[code] = [n, total, squares]


def _of(out: Of, unit: int, site: str) -> Signs:
    none = {"codes": {}, "figures": {}, "amounts": {}, "weights": {}, "items": {}, "weekdays": [0] * 7, "sent": {}}
    return out.setdefault((unit, site), none)
