"""What the values of a site come to, in a few numbers: how often each coded word stands, between which figures most lie, which amounts.

What belongs here: counting them in a batch, for the receipts of its units. What does not: holding one site's beside those of others
(beside.py), the table that check-config shows of one export (comes_to.py).

Values are counted as they are kept, amounts as they are sent: an impossible one is the sign of a wrong unit. Nothing here is published.
"""

from __future__ import annotations

from typing import Any

import duckdb

#: {table.field: {word: rows}}, {name: [n, p10, p50, p90]}, {amount in mg: doses}, {sex: adults weighed, sum and sum of squares of 100 g}.
Signs = dict[str, Any]
Of = dict[tuple[int, str], Signs]

#: table.field of coded words.
CODES = {
    "subject.sex": ("subject", "sex"), "session.attended": ("session", "attended"), "dose.taken": ("dose", "taken"),
    "adverse_event.severity": ("adverse_event", "severity"), "adverse_event.serious": ("adverse_event", "serious"),
    "medication.ongoing": ("medication", "ongoing"),
}  # fmt: skip
_HOUR = "(epoch_us({0}) % 86400000000) / 3.6e9"
_MINUTES = "(epoch_us({0}) - epoch_us({1})) / 6e7"
_SESSION = "intake.session where attended is distinct from false"
_LAGS = """(
    select d.unit, d.site, d.dosed_at_utc, v.started_at_utc
    from intake.dose as d
    inner join intake.session as v
        on d.unit = v.unit and d.site = v.site and d.subject_id = v.subject_id and d.session_no = v.session_no
    where d.taken is distinct from false)"""
#: Name of a figure -> (its number, where it stands).
FIGURES = {
    "subject.age_years": ("age_years", "intake.subject"),
    "subject.weight_kg": ("weight_kg", "intake.subject"),
    "session.started_at": (_HOUR.format("started_at_site"), _SESSION),
    "session.exposure_started_at": (_MINUTES.format("exposure_started_at_utc", "started_at_utc"), _SESSION),
    "session.ended_at": (_MINUTES.format("ended_at_utc", "started_at_utc"), _SESSION),
    "dose.dosed_at": (_MINUTES.format("started_at_utc", "dosed_at_utc"), _LAGS),
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
    return out


def _of(out: Of, unit: int, site: str) -> Signs:
    return out.setdefault((unit, site), {"codes": {}, "figures": {}, "amounts": {}, "weights": {}})
