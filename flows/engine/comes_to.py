"""What a mapping comes to: of each mapped field how many rows are filled and read, and what its values are, beside the line that says so.

What belongs here: counting one export's judged tables for the person who wrote its mapping. What does not: the night's signs (signs.py),
comparing sites (beside.py), printing (flows/cli/check_config.py).

Only counts, smallest and largest. Words are shown where they are the mapping's or the protocol's own; never an identifier or free text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from flows.engine import beside, blinded_amounts, written
from flows.engine.config import Unit
from flows.engine.mapping.shapes import FIELDS, FieldOf, Kind
from flows.engine.mapping.text import const_text
from flows.engine.models import columns_of
from flows.engine.yamlfile import YamlFile
from schemas.site import FieldSpec, IntakeTable, TableSpec

#: Where the rows of an intake table stand; of questionnaires forms and single answers.
_ANSWERS = ", ".join(f"{n}::varchar as {n}, {n}_raw, {n}_fault" for n in ("instrument", "visit", "assessed_on"))
_STAGED = {str(t): f"staging.{t}" for t in IntakeTable} | {
    "assessment": f"(select {_ANSWERS} from staging.form union all select {_ANSWERS} from staging.item where counts)"
}
_RANGED = {Kind.AGE, Kind.WEIGHT, Kind.SUDS, Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.PARTIAL}
_ONE_IS_ODD = {Kind.AGE, Kind.WEIGHT, Kind.SUDS, Kind.DATE, Kind.INSTANT}
_BARS = "_▁▂▃▄▅▆▇█"
#: Of fewer rows nothing is said to be odd; shares from which on it is.
_FEW, _MOST_PCT, _UNREAD_PCT = 10, 90, 5
_DAY = (7, 21)


@dataclass(frozen=True)
class Line:
    """One field as a mapping reads it. `what`: its values in words; `odd`: what to look at, in words; `places`: file and line."""

    table: str
    field: str
    columns: tuple[str, ...]
    rows: int
    filled: int
    unreadable: int
    distinct: int
    what: str
    odd: tuple[str, ...]
    places: tuple[str, ...]


class _Look:
    """One export's tables and mapping, while it is looked at. No dataclass, as Night."""

    def __init__(self, con: duckdb.DuckDBPyConnection, unit: Unit, bodies: list[YamlFile]) -> None:
        self.con, self.unit, self.bodies = con, unit, bodies

    def one(self, sql: str, *values: Any) -> tuple[Any, ...]:
        return self.con.execute(sql, list(values)).fetchall()[0]

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values)).fetchall()


def look(con: duckdb.DuckDBPyConnection, unit: Unit, on: dt.date, out: list[Line]) -> None:
    """Put a line a mapped field into `out`, in the order of the tables' fields; from a batch whose tables were all kept."""
    at = _Look(con, unit, written.files(unit, on))
    out.extend(line for table, specs in unit.site.tables.items() for line in _table(at, table, specs))


def _table(at: _Look, table: IntakeTable, specs: tuple[TableSpec, ...]) -> Iterator[Line]:
    if table == IntakeTable.RANDOMIZATION:  # nothing of an arm is counted
        return
    staged = _STAGED[str(table)]
    there = columns_of(at.con, f"staging.{'form' if table == IntakeTable.ASSESSMENT else table}")
    for name, of in FIELDS[table].items():
        told = [(no, spec.fields[name]) for no, spec in enumerate(specs) if name in spec.fields]
        column = of.column or name
        if told and f"{column}_raw" in there and not (table == IntakeTable.ASSESSMENT and name in ("item", "value")):
            yield _field(at, table, staged, name, column, of, told)
    if table == IntakeTable.ASSESSMENT:
        yield from _items(at, specs)


def _field(
    at: _Look, table: IntakeTable, staged: str, name: str, column: str, of: FieldOf, told: list[tuple[int, FieldSpec]]
) -> Line:
    value = f"{column}_local" if of.kind == Kind.INSTANT else column
    fields = [f for _, f in told]
    blank = ["", *(c for f in fields for c in f.missing), *at.unit.site.defaults.missing]
    sent = f"count({column}_raw) filter (not list_contains($1, trim({column}_raw)))"
    rows, filled, bad, distinct = at.one(f"select count(*), {sent}, count({column}_fault), count(distinct {value}) from {staged}", blank)
    what, odd = _what(at, table, staged, name, column, of, fields)
    if rows and not filled and not all(f.const is not None for f in fields):
        odd.append("no row has a text")
    if rows >= _FEW and 100 * bad >= _UNREAD_PCT * filled and bad > 1:
        odd.append(f"{bad} of {filled} texts cannot be read as the line says")
    if filled >= 2 * _FEW and distinct == 1 and (of.kind in _ONE_IS_ODD or name == "sex"):
        odd.append(f"all {filled} values are the same")
    places = dict.fromkeys(written.told(at.unit, at.bodies, "tables", str(table), no, "fields", name) for no, _ in told)
    columns = tuple(dict.fromkeys(c for f in fields for c in f.from_))
    return Line(str(table), name, columns, rows, filled, bad, distinct, what, tuple(odd), tuple(places))


def _what(
    at: _Look, table: IntakeTable, staged: str, name: str, column: str, of: FieldOf, fields: list[FieldSpec]
) -> tuple[str, list[str]]:
    """The values in words, and what is odd about them."""
    if table == IntakeTable.ASSESSMENT and name == "visit":
        return _visits(at)
    if of.kind == Kind.DOSE:
        return _amounts(at)
    if of.kind == Kind.INSTANT:
        return _times(at, name, column)
    if of.kind in _RANGED:
        return _range(at, table, staged, name, column, of, fields)
    if of.kind in (Kind.WORD, Kind.BOOLEAN) or any(f.map for f in fields):
        return _words(at, staged, column, of, fields), []
    return "", []


def _words(at: _Look, staged: str, column: str, of: FieldOf, fields: list[FieldSpec]) -> str:
    """The mapping's own words with what they become; a word of a list where nothing is mapped."""
    known = {text: const_text(value) if value is not None else "blank" for f in fields for text, value in (f.map or {}).items()}
    if not known:
        listed = at.all(f"select {column}::varchar, count(*) from {staged} where {column} is not null group by 1 order by 2 desc, 1")
        return ", ".join(f"{word} {n}" for word, n in listed) if of.kind in (Kind.WORD, Kind.BOOLEAN) else ""
    counts = {
        text: n for text, n in at.all(
            f'select trim("{column}_raw"), count(*) from {staged} where list_contains(?, trim("{column}_raw")) group by 1', [*known]
        )
    }  # fmt: skip
    return ", ".join(f"{text} = {known[text]} {counts.get(text, 0)}" for text in sorted(known, key=lambda t: -counts.get(t, 0)))


def _range(
    at: _Look, table: IntakeTable, staged: str, name: str, column: str, of: FieldOf, fields: list[FieldSpec]
) -> tuple[str, list[str]]:
    odd: list[str] = []
    is_text = of.kind == Kind.PARTIAL
    middle = "null" if of.kind in (Kind.DATE, Kind.PARTIAL) else f'median("{column}")'
    low, high, median = at.one(f'select min("{column}"), max("{column}"), {middle} from {staged}')
    if low is None:
        return "", odd
    if of.kind in (Kind.DATE, Kind.PARTIAL):
        what = f"{str(low)[:10]} to {str(high)[:10]}" if not is_text else f"{low[:7]} to {high[:7]}"
        if table == IntakeTable.MEDICATION and name == "ended_on":
            (open_,) = at.one("select count(*) from staging.medication where ended_on_raw is null and ongoing is null")
            what += f"; {open_} without an end or a word on it are taken as {at.unit.site.blank_medication_end}" if open_ else ""
        return what, odd
    what = f"{low:g} to {high:g}, median {median:g}"
    if name == "session_no":
        what = f"{low:g} to {high:g}; the protocol has {at.unit.trial.sessions.number}"
    own = dict.fromkeys(c for f in fields for c in f.missing)
    for code in dict.fromkeys([*own, *at.unit.site.defaults.missing]):
        (n,) = at.one(f'select count(*) from {staged} where trim("{column}_raw") = ?', code)
        what += f"; {code} = missing {n}" if n or code in own else ""
        number = _number(code)
        scaled = [f.scale.split("-")[1] for f in fields if f.scale is not None]
        most = float(scaled[0]) if scaled else float(high)
        if n and number is not None and (0 if scaled else float(low)) <= number <= most:
            odd.append(f"the missing code {code} stands in {n} rows and lies among the values; look whether it is one")
    if table == IntakeTable.RATING and name == "peak":
        odd += _peaks(at)
    return what, odd


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _peaks(at: _Look) -> list[str]:
    n, begins, ends = at.one("""
        select count(*) filter (peak_suds is not null and begin_suds is not null and end_suds is not null),
            count(*) filter (peak_suds = begin_suds), count(*) filter (peak_suds = end_suds)
        from staging.rating""")
    return [
        f"the highest fear is the one at the {other} in {k} of {n} exercises; is it another column?"
        for other, k in (("beginning", begins), ("end", ends)) if n >= 2 * _FEW and 100 * k >= 95 * n
    ]  # fmt: skip


def _amounts(at: _Look) -> tuple[str, list[str]]:
    """Distinct amounts in mg with their doses, those of the protocol told apart; only shares where amounts tell the arm."""
    strengths = beside.amounts_of(at.unit.trial)
    found = at.all("select dose_mg, count(*) from staging.dose where dose_mg is not null group by 1 order by 2 desc, 1")
    n, own = sum(k for _, k in found), sum(k for mg, k in found if any(abs(mg - s) <= 1e-9 for s in strengths))
    shown = ", ".join(f"{mg:g} mg {k}" for mg, k in found[:6]) + (f", {len(found) - 6} more" if len(found) > 6 else "")
    if at.unit.trial.blinding.status == "blinded" and blinded_amounts.withheld(at.unit.trial):
        shown = f"{len(found)} amounts"
    told = f"{shown}; {own} of {n} are of the protocol ({', '.join(f'{s:g}' for s in sorted(strengths))} mg)"
    return told, [f"{n - own} of {n} amounts are none of the protocol's"] if n >= _FEW and 2 * own < n else []


def _times(at: _Look, name: str, column: str) -> tuple[str, list[str]]:
    if name in ("exposure_started_at", "ended_at"):
        return _after_start(at, name)
    table = "dose" if name == "dosed_at" else "session"
    hours = dict(at.all(f"select hour({column}_site), count(*) from staging.{table} where {column}_utc is not null group by 1"))
    n = sum(hours.values())
    if not n:
        return "", []
    most, night = max(hours.values()), sum(k for h, k in hours.items() if not _DAY[0] <= h < _DAY[1])
    bars = "".join(_BARS[0 if not (k := hours.get(h, 0)) else 1 + (7 * k) // most] for h in range(24))
    busiest = min(h for h, k in hours.items() if k == most)
    what = f"0h{bars}23h, busiest {busiest} h, {night} of {n} outside {_DAY[0]}-{_DAY[1]} h on the clock of {at.unit.site.timezone}"
    at_night = f"{night} of {n} times lie at night on the site's clock; look at the zone, `clock` and AM/PM"
    odd = [at_night] if n >= _FEW and 4 * night > n else []
    if name == "dosed_at":
        lag, odd_lag = _lags(at)
        return (f"{what}; {lag}" if lag else what), odd + odd_lag
    return what, odd


def _lags(at: _Look) -> tuple[str, list[str]]:
    n, median, timed, inside = at.one("""
        select count(lag_to_start_min), median(lag_to_start_min), count(in_window), count(*) filter (in_window)
        from core.dose_timing where taken is distinct from false""")
    if not n:
        return "no dose meets a session's start", ["no dose meets a session's start"]
    side = "before" if median >= 0 else "after"
    what = f"median {abs(median):.0f} min {side} the session's start"
    if not timed:
        return what, []
    return f"{what}, {100 * inside / timed:.0f} % in the window", (
        [f"only {inside} of {timed} doses lie in the trial's window"] if timed >= _FEW and 2 * inside < timed else []
    )


def _after_start(at: _Look, name: str) -> tuple[str, list[str]]:
    n, median, zero, before = at.one(f"""
        with m as (select (epoch_us({name}_utc) - epoch_us(started_at_utc)) / 6e7 as minutes from staging.session)
        select count(minutes), median(minutes), count(*) filter (minutes = 0), count(*) filter (minutes < 0) from m""")
    if not n:
        return "", []
    planned = at.unit.trial.sessions.planned_length_min
    beside_plan = f"; planned {planned:g}" if name == "ended_at" and planned is not None else ""
    odd = []
    if n >= _FEW and 100 * zero >= _MOST_PCT * n:
        odd.append(f"it is the session's start itself in {zero} of {n} rows; does one of the two columns hold the other's time?")
    if n >= _FEW and 10 * before >= n:
        odd.append(f"{before} of {n} lie before the session's start")
    return f"median {median:.0f} min after the session's start, at it in {zero}, before it in {before}{beside_plan}", odd


def _visits(at: _Look) -> tuple[str, list[str]]:
    found = at.all("""
        select v.visit, count(distinct f.subject_id), count(*) from core.form as f
        left join ref.visit as v on f.study = v.study and f.visit_key = v.visit
        where f.visit_key is not null group by v.visit""")
    seen = {visit: n for visit, n, _ in found if visit is not None}
    other = sum(forms for visit, _, forms in found if visit is None)
    none = [v.name for v in at.unit.trial.visits if v.name not in seen]
    told = "participants at " + ", ".join(f"{v.name} {seen.get(v.name, 0)}" for v in at.unit.trial.visits)
    told += f"; {other} forms of no visit of the protocol" if other else ""
    odd = [f"no form is of {', '.join(none)}"] if none and sum(seen.values()) >= _FEW else []
    return told, odd + ([f"{other} forms are of no visit of the protocol"] if other >= _FEW else [])


def _items(at: _Look, specs: tuple[TableSpec, ...]) -> Iterator[Line]:
    """Each instrument's answers beside its scale."""
    for name, forms, rows, bad, distinct, low, high in at.all("""
        with cell as (
            select instrument::varchar as instrument, row_id, unnest(item_values) as value, null as fault from staging.form
            union all
            select instrument::varchar, row_id, value, value_fault from staging.item where counts and not coalesce(is_total, false)
        )
        select instrument, count(distinct row_id), count(*), count(fault), count(distinct value), min(value), max(value)
        from cell where instrument is not null and (value is not null or fault is not null) group by 1 order by 1"""):
        of = [b for i in at.unit.instruments if i.name == name for b in i.items]
        scale = f"; its items go from {min(b.minimum for b in of):g} to {max(b.maximum for b in of):g}" if of else ""
        asks = [
            no for no, spec in enumerate(specs)
            if (i := spec.fields.get("instrument")) is None or i.const in (None, name)
        ]  # fmt: skip
        parts = ("wide", "item", "fields")
        places = dict.fromkeys(
            written.told(at.unit, at.bodies, "tables", "assessment", no, parts[0 if specs[no].wide else 2]) for no in asks
        )
        what = f"{forms} forms or rows, answers {low:g} to {high:g}{scale}" if low is not None else ""
        yield Line("assessment", f"items of {name}", (), rows, rows, bad, distinct, what, (), tuple(places))
