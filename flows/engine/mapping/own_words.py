"""What a file says of its own columns, against the mapping that reads them: labels, units, codes declared missing, clocks of dates.

What belongs here: sentences about one column of one file (mapped.file_note) that follow from the file's own words. What does not: what a
reader alone can see (flows/readers), what a mapping leaves out (left_out.py), labels that change between deliveries (label_drift.py).

No value is changed: a file may label its codes wrongly. Each sentence names a column, codes and labels, never a cell.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from flows.engine.mapping.labels import contradicted
from flows.engine.mapping.left_out import is_legal
from flows.engine.mapping.shapes import FIELDS, QUANTITIES, Kind, reading
from flows.engine.mapping.tables import Job
from schemas.site import FieldSpec

_NUMBERS = (Kind.INTEGER, Kind.NUMBER, Kind.RATING, Kind.SUDS, Kind.DOSE, Kind.WEIGHT, Kind.AGE)
_DATES = (Kind.DATE, Kind.PARTIAL)
#: A label that is a number or begins with one: 3, 0 = none, 2: often; no range (18-29) and no share (10%).
_LEADING = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)(?:\s*$|\s*[=:.)–-]?\s*[^\W\d])")
#: So few labels, or dates, say nothing.
_FEW_LABELS, _FEW_DATES = 2, 3
_SHOWN = 3

Told = dict[int, list[str]]


def doubts(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> Told:
    """File -> sentences, in the order of the jobs."""
    out: Told = {}
    parts = (_blanked_codes(jobs), _turned_codes(jobs), _other_numbers(jobs), _other_units(con, jobs), _clocks_of_dates(con, jobs),
             _other_zones(jobs))  # fmt: skip
    for file_no, said in (pair for part in parts for pair in part):
        if said not in out.setdefault(file_no, []):
            out[file_no].append(said)
    return out


def _blanked_codes(jobs: Sequence[Job]) -> Iterator[tuple[int, str]]:
    """Codes that a mapping or the scale gives a meaning, but that the file declares missing and the reader therefore left out."""
    for job in jobs:
        mapped = [(name, field, column) for name, field in job.spec.fields.items() for column in field.from_]
        several = [*mapped, *(("value", _items_spec(job), column) for column in _item_columns(job))]
        for sheet in (s for s in job.sheets if s.options.user_missing == "blank"):
            for name, field, column in several:
                seen = sheet.about[column].seen if column in sheet.about else ()
                codes = sorted(set(seen) & set(field.map or {}))
                if codes:
                    said = f"column {column!r}: the mapping gives {codes} a meaning, but the file declares them missing"
                    yield sheet.file_no, f"{said}; they were read as blank: set user_missing: keep"
                legal = [code for code in seen if not field.map and is_legal(job, name, field, code)]
                if legal:
                    said = f"column {column!r}: the file declares {legal} missing, which are values of the scale, so blanks may be wrong"
                    yield sheet.file_no, f"{said}: set user_missing: keep where they are values"


def _turned_codes(jobs: Sequence[Job]) -> Iterator[tuple[int, str]]:
    """Codes that the file's own labels give another meaning than the mapping does."""
    for job in jobs:
        for sheet in job.sheets:
            for field in job.spec.fields.values():
                for column in field.from_:
                    about = sheet.about.get(column)
                    codes = contradicted(about.labels, field.map or {}) if about and len(field.from_) == 1 else []
                    if codes:
                        said = f"column {column!r}: the file labels {codes} as what the mapping gives to another code"
                        yield sheet.file_no, f"{said}; compare the mapping with the file's labels"


def _other_numbers(jobs: Sequence[Job]) -> Iterator[tuple[int, str]]:
    """Codes read as numbers whose labels are other numbers, as when a program numbered the answers anew (Stata's encode)."""
    for job in jobs:
        columns = [*dict.fromkeys([*_number_columns(job), *_item_columns(job)])]
        for sheet in (s for s in job.sheets if s.options.value_labels != "text"):
            alike: dict[str, list[str]] = {}
            for column in (c for c in columns if c in sheet.about):
                numbers = {code: found[1] for code, label in sheet.about[column].labels.items() if (found := _LEADING.match(label))}
                others = {code: said for code, said in numbers.items() if _number(code) not in (None, _number(said))}
                if len(others) >= _FEW_LABELS and 2 * len(others) > len(numbers):
                    few = ", ".join(f"{code} is called {said}" for code, said in [*others.items()][:_SHOWN])
                    alike.setdefault(few, []).append(repr(column))
            for few, several in alike.items():
                more = f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
                said = f"column(s) {', '.join(several[:_SHOWN])}{more}: the file's labels are other numbers than its codes ({few})"
                yield sheet.file_no, f"{said}, so values may be wrong: set value_labels: text, or map the codes"


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _number_columns(job: Job) -> Iterator[str]:
    """Columns that are read as numbers, as they stand."""
    kinds = {name: FIELDS[job.table][name].kind for name in job.spec.fields if name in FIELDS[job.table]}
    specs = [spec for name, spec in job.spec.fields.items() if kinds.get(name) in _NUMBERS]
    plain = [s for s in (*specs, *job.spec.totals.values()) if not s.map and s.pattern is None and len(s.from_) == 1]
    names = [spec.from_[0] for spec in plain]
    yield from names
    slots = job.rows.slots if job.rows is not None else None
    if job.rows is not None and slots is not None and not slots.is_items:
        yield from (job.rows.header[place] for _, cells in slots.rows for name, place in cells.items() if name in names)


def _items_spec(job: Job) -> FieldSpec:
    return job.spec.fields.get("value") or FieldSpec()


def _item_columns(job: Job) -> Iterator[str]:
    """Columns of a wide questionnaire whose cells are read as they stand."""
    slots, spec = (job.rows.slots if job.rows is not None else None), _items_spec(job)
    if job.rows is not None and slots is not None and slots.is_items and not spec.map and spec.pattern is None:
        yield from (job.rows.header[place] for place in slots.places())


def _other_units(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> Iterator[tuple[int, str]]:
    """Units that a file names, beside its values (ODM's `<item>.unit`) or of a whole column, where the mapping declares another one."""
    for job in jobs:
        for name, field in job.spec.fields.items():
            quantity = QUANTITIES.get(FIELDS[job.table][name].kind) if name in FIELDS[job.table] else None
            if quantity is None or not isinstance(field.unit, str) or job.rows is None:
                continue
            declared = job.lists.unit(quantity, field.unit)
            for sheet in job.sheets:
                for column in (c for c in field.from_ if c in sheet.about):
                    said = job.lists.unit(quantity, sheet.about[column].unit)
                    if said is not None and said != declared:
                        told = f"column {column!r} is in {sheet.about[column].unit!r} as the file says, the mapping declares {field.unit!r}"
                        yield sheet.file_no, f"{told}, so values may be wrong; correct unit"
            beside = [f"{column}.unit" for column in field.from_]
            for column in (c for c in beside if c in job.rows.header and c not in job.rows.used):
                for sheet in job.sheets:
                    cell = f"c{job.rows.header.index(column)}"
                    sql = f"select distinct {cell} from {sheet.raw} where file_no = {sheet.file_no} and {cell} is not null order by 1"
                    others = [text for (text,) in con.execute(sql).fetchall() if job.lists.unit(quantity, text) != declared]
                    if others:
                        told = f"column {column!r} names the unit(s) {others[:5]}, the mapping declares {field.unit!r}"
                        yield sheet.file_no, f"{told}, so values may be wrong; say unit: {{from: {column}}}"


def _clocks_of_dates(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> Iterator[tuple[int, str]]:
    """Dates stored with one clock time late in the day: the midnight of another zone, so that each is the day before."""
    for job in jobs:
        names = [n for n in job.spec.fields if n in FIELDS[job.table] and FIELDS[job.table][n].kind in _DATES] if job.rows else []
        columns = [job.spec.fields[name].from_[0] for name in names if len(job.spec.fields[name].from_) == 1]
        for sheet in (s for s in job.sheets if s.typed):
            for column in (c for c in dict.fromkeys(columns) if job.rows is not None and c in job.rows.header):
                cell = f"c{job.rows.header.index(column)}" if job.rows is not None else ""
                sql = (
                    f"select count(*), count(*) filter ({cell} like '____-__-__T%' and not {cell} like '%T00:00:00%'),"
                    f" min({cell}[12:19]), max({cell}[12:19]) from {sheet.raw} where file_no = {sheet.file_no} and {cell} is not null"
                )
                filled, clocked, first, last = con.execute(sql).fetchall()[0]
                one_clock = clocked == filled >= _FEW_DATES and first > "12:00:00" and int(last[:2]) - int(first[:2]) <= 1
                if one_clock and first[2:] == last[2:]:  # summer time moves it by an hour
                    said = f"column {column!r}: all {filled} dates are stored as {first[:5]} of a day, which is midnight in another zone"
                    yield sheet.file_no, f"{said}, so each may be wrong by a day: ask for dates without a clock"


def _other_zones(jobs: Sequence[Job]) -> Iterator[tuple[int, str]]:
    """Clocks that a file names for a column (Qualtrics) where the mapping reads it by another one."""
    for job in jobs:
        for name, field in job.spec.fields.items():
            kind = FIELDS[job.table][name].kind if name in FIELDS[job.table] else None
            if kind not in (Kind.INSTANT, *_DATES):
                continue
            clock = reading(field, job.spec, job.first.unit.site.defaults).clock if kind is Kind.INSTANT else "site"
            for sheet in job.sheets:
                site = sheet.unit.site
                members = site.sites.known.values() if site.sites is not None else ()
                zones = {"UTC"} if clock == "utc" else {site.timezone, *(m.timezone for m in members if m.timezone is not None)}
                for column in (c for c in field.from_ if c in sheet.about and sheet.about[c].zone and clock != "offset"):
                    zone = "UTC" if sheet.about[column].zone == "Z" else sheet.about[column].zone
                    other = sorted(z for z in zones if _offsets(z) != _offsets(zone))
                    if other:
                        said = f"column {column!r} is in the time zone {zone} as the file says, the mapping reads it as {', '.join(other)}"
                        todo = "say clock: utc" if zone == "UTC" and kind is Kind.INSTANT else "ask for an export in the site's time zone"
                        yield sheet.file_no, f"{said}, so each may be wrong: {todo}"


@cache
def _offsets(zone: str) -> tuple[dt.timedelta | None, ...]:
    """A zone's distance from UTC over twenty years, by which two names of one clock are known; of an unknown one nothing."""
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ()
    return tuple(dt.datetime(year, month, 15, 12, tzinfo=clock).utcoffset() for year in range(2012, 2032) for month in range(1, 13))
