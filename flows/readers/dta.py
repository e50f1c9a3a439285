"""Stata files (.dta, versions 104 to 119) -> text cells: tagged missing values kept apart, dates in ISO 8601.

What belongs here: Stata display formats, single precision, leap seconds. What does not: calling pyreadstat (readstat.py).

Decided: a plain missing number (.) is a blank cell. A tagged one (.a to .z) says why; a mapping gets a blank cell, or with
`user_missing: keep` its text.
Sources: StataCorp, `help dta` (file format), `help datetime` (%td %tc %tC and the coarser units; day 0 is 1 January 1960).
"""

from __future__ import annotations

import bisect
import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyreadstat

from flows.readers.cells import Cells, ReadOptions, number_text, unreadable, without_rows
from flows.readers.dta_bytes import TAGGED, layout, overwritten_rows, version
from flows.readers.moments import DAY_MS, clock, day, instant
from flows.readers.readstat import Value, Write, cells, load
from flows.readers.zeroed import WHY

_FIRST = dt.date(1960, 1, 1)
_CLOCK_ONLY = re.compile(r"%t[cC][HhMSs:. _+aApPm]*")
#: Days that ended with a leap second (IERS Bulletin C), which %tC counts and %tc does not.
_LEAP_JUNES = (1972, 1981, 1982, 1983, 1985, 1992, 1993, 1994, 1997, 2012, 2015)
_LEAP_DECEMBERS = (1972, 1973, 1974, 1975, 1976, 1977, 1978, 1979, 1987, 1989, 1990, 1995, 1998, 2005, 2008, 2016)
_LEAP_DAYS = sorted([dt.date(y, 6, 30) for y in _LEAP_JUNES] + [dt.date(y, 12, 31) for y in _LEAP_DECEMBERS])
#: Milliseconds between the clock times that single precision can tell apart from 1995 on, and where that begins.
_SINGLE_STEP, _LATE = 2**17, 2**40
#: So many clock times do not all fall on whole minutes by chance.
_ENOUGH = 3
_LEAPS = [((last - _FIRST).days + 1) * DAY_MS + n * 1000 for n, last in enumerate(_LEAP_DAYS)]


def read(path: Path, options: ReadOptions) -> Cells:
    """The file's one table as text cells.

    Raises ReadError: damaged or cut, as many rows as the header says are not there, a declared encoding that does not fit.
    """
    data = path.read_bytes()
    notes: list[str] = []
    stat = load(path, data, pyreadstat.read_dta, options.encoding, notes)
    where = layout(data, [str(shown or "") for shown in stat.meta.original_variable_types.values()])
    # from version 117 the rows stand between tags: as many must be there as were read
    held = where is not None and where.start >= 0 and where.stop - where.start == where.width * stat.rows
    if version(data) >= TAGGED and stat.columns and not held:
        raise unreadable(path, "it does not hold as many rows as its header says", "fetch or export it again")
    if options.encoding is None and version(data) < 118 and any(_not_ascii(values) for values in stat.columns.values()):
        notes.append(f"a Stata file of version {version(data)} does not say its encoding; read as windows-1252, a guess: declare it")
    meta = stat.meta
    writers = {
        name: _single(shown) if meta.readstat_variable_types[name] == "float" else shown
        for name, shown in ((name, _shown(str(shown or ""))) for name, shown in meta.original_variable_types.items())
    }
    shown = {name: re.sub(r"^%[-0-9]*", "%", str(of or "")) for name, of in meta.original_variable_types.items()}
    for name in (n for n, of in shown.items() if of.startswith(("%tc", "%tC"))):
        notes += _doubtful_clock(name, shown[name], meta.readstat_variable_types[name], stat.columns[name])
    parts = {name: _part_shown(of) for name, of in shown.items()}
    found = cells(stat, writers, options, notes, labels=meta.variable_value_labels, tags=meta.missing_user_values, parts=parts)
    return without_rows(found, (overwritten_rows(data, where) + 1).tolist(), WHY, options)


def _part_shown(shown: str) -> str:
    """What a %td format shows where it shows no day: %tdMon-YY a month, %tdCCYY a year."""
    codes = shown.removeprefix("%td")
    if not shown.startswith("%td") or not codes or re.search("[dDjJwW]", codes):
        return ""
    return "month" if re.search("[mMnNlL]", codes) else "year"


def _doubtful_clock(name: str, shown: str, kind: str, values: Sequence[Value]) -> list[str]:
    """Clock times that cannot be exact: in single precision, or counted without leap seconds under a format that counts them."""
    numbers = [v for v in values if isinstance(v, int | float) and v == v]
    # where they were made double later they are as rough
    rounded = len(numbers) >= _ENOUGH and all(v % _SINGLE_STEP == 0 and v > _LATE for v in numbers)
    if kind == "float" or rounded:
        said = "holds clock times in single precision (float), exact to two minutes only"
        return [f"column {name!r} {said}, so they may be wrong: ask for double"]
    if shown.startswith("%tC") and len(numbers) >= _ENOUGH and all(v % 60_000 == 0 for v in numbers):
        said = "is to be read as %tC, but its times are whole minutes as %tc only"
        return [f"column {name!r} {said}, so they may be wrong by the leap seconds"]
    return []


def _not_ascii(values: object) -> bool:
    return any(isinstance(value, str) and not value.isascii() for value in values)  # type: ignore[attr-defined]


def _single(write: Write) -> Write:
    """Single-precision numbers, whose shortest text is shorter: 0.1, not 0.10000000149011612."""
    return lambda value: write(float(str(np.float32(value))))


def _shown(name: str) -> Write:
    """How a number of a variable with this display format is written."""
    plain = re.sub(r"^%[-0-9]*", "%", name)
    if plain.startswith(("%td", "%d")):
        return _within(lambda value: day(_FIRST, int(value // 1), value))
    if plain.startswith(("%tc", "%tC")):
        without = _without_leaps if plain.startswith("%tC") else round
        clock_only = len(plain) > 3 and bool(_CLOCK_ONLY.fullmatch(plain))
        return _within(lambda value: _instant(without(value), value, clock_only))
    if plain.startswith("%ty"):
        return number_text
    parts = {"%tm": 12, "%tq": 4, "%th": 2, "%tw": 52}.get(plain[:3])
    return _within(lambda value: _part(plain[2], parts, value)) if parts else number_text


def _within(write: Callable[[float], str]) -> Write:
    return lambda value: write(value) if abs(value) < 1e15 else number_text(value)


def _instant(milliseconds: int, value: float, clock_only: bool) -> str:
    """A clock time where the format shows nothing else and the day is day 0."""
    if clock_only and 0 <= milliseconds < DAY_MS:
        return clock(milliseconds)
    return instant(_FIRST, milliseconds, value)


def _without_leaps(value: float) -> int:
    milliseconds = round(value)
    return milliseconds - 1000 * bisect.bisect_right(_LEAPS, milliseconds)


def _part(letter: str, parts: int, value: float) -> str:
    """A month as 2024-03; a half, quarter or week as Stata shows it: 2024h1, 2024q1, 2024w9."""
    if not value.is_integer():
        return number_text(value)
    year, part = divmod(int(value), parts)
    year += 1960
    if not 1 <= year <= 9999:
        return number_text(value)
    return f"{year:04d}-{part + 1:02d}" if letter == "m" else f"{year:04d}{letter}{part + 1}"
