"""What most files of an export share: `defaults:` of the draft.

What belongs here: encoding, delimiter, clock, decimal character, words for missing values. What does not: what one sheet says otherwise
(draft.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from flows.engine.mapping.shapes import FIELDS, Kind
from flows.newsite.asking import Open, Said, columns_of
from flows.newsite.column import Column
from flows.newsite.opening import Sheet
from flows.newsite.read import Context
from flows.newsite.tables import TableDraft

#: Options that hold for a whole file; the usual one of them stands in `defaults`.
_SHARED = ("encoding", "delimiter", "format", "companion")
_NUMERIC = {Kind.AGE, Kind.WEIGHT, Kind.DATE, Kind.PARTIAL, Kind.INSTANT, Kind.INTEGER, Kind.DOSE, Kind.SUDS, Kind.RATING, Kind.NUMBER}


def make(chosen: Sequence[TableDraft], context: Context, clock: str) -> dict[str, Any]:
    """What most files share; `clock`: what a person says of clock times."""
    out: dict[str, Any] = {}
    sheets = {d.sheet.glob: d.sheet for d in chosen}
    for key in _SHARED:
        met = Counter(repr(s.options[key]) for s in sheets.values() if key in s.options)
        if not met:
            continue
        top = met.most_common(1)[0][0]
        one = next(s for s in sheets.values() if repr(s.options.get(key)) == top)
        may_lack = key == "encoding" and all("encoding" in s.options or _is_ascii(s) for s in sheets.values())
        if met[top] > len(sheets) / 2 or may_lack:
            value = "utf-16" if str(one.options[key]).startswith("utf-16") else one.options[key]
            out[key] = Said(value, one.whys.get(key, "")) if one.whys.get(key) else value
    if clocks := sorted({f"{d.table}.{n}" for d in chosen for n in d.fields if _is_clock(d, n)}):
        ask = f"site (the site's wall clocks) or utc: {', '.join(clocks)} hold clock times without an offset, and nothing tells"
        out["clock"] = Said(clock, "as told") if clock else Open(ask)
    if context.decimal == ",":
        out["decimal"] = Said(",", "most numbers with a fraction have a comma", 95)
    missing = {t: n for d in chosen for c, kind in _read_columns(d) if kind in _NUMERIC for t, n in c.missing_words.items()}
    if missing:
        out["missing"] = Said(sorted(missing), "words for a missing value where numbers or dates are expected", 95)
    return out


def _is_clock(one: TableDraft, name: str) -> bool:
    """A field of clock times that do not say from which clock."""
    if FIELDS[one.table].get(name, FIELDS[one.table]["subject_id"]).kind != Kind.INSTANT:
        return False
    spec = one.fields[name]
    value = spec.value if isinstance(spec, Said) else spec
    if isinstance(value, dict) and "clock" in value:
        return False
    columns = [one.sheet.columns[c] for c in columns_of({name: spec}) if c in one.sheet.columns]
    return any(c.dates.has_clock or c.clock.is_clock_only for c in columns)


def _is_ascii(sheet: Sheet) -> bool:
    return all(n.isascii() and all(t.isascii() for t, _ in c.counts) for n, c in sheet.columns.items())


def _read_columns(one: TableDraft) -> Iterable[tuple[Column, Kind]]:
    for name, spec in one.fields.items():
        for column in columns_of({name: spec}):
            if column in one.sheet.columns and name in FIELDS[one.table]:
                yield one.sheet.columns[column], FIELDS[one.table][name].kind
    if "wide" in one.extras:
        for column in one.used & set(one.sheet.columns):
            yield one.sheet.columns[column], Kind.RATING


def decimal_of(sheets: Iterable[Sheet]) -> str:
    """The decimal character most numbers of the export are written with."""
    found: Counter[str] = Counter()
    for sheet in sheets:
        for column in sheet.columns.values():
            if column.numbers.share >= 0.9:
                found["."] += column.numbers.point
                found[","] += column.numbers.comma
    return "," if found[","] > found["."] else "."
