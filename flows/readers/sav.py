"""SPSS files (.sav, .zsav) -> text cells: codes as codes, declared missing codes kept, dates in ISO 8601.

What belongs here: SPSS print formats, the row count of the header. What does not: calling pyreadstat (readstat.py).

Decided: a system-missing number is a blank cell. A code that the file declares missing is none of its values: a mapping gets a blank
cell, or with `user_missing: keep` the code; About.missing and About.seen say which codes. A value label never takes a code's place
unless `value_labels` asks for it.
Times count seconds from 14 October 1582 (IBM SPSS Statistics, Date and time formats).
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from pathlib import Path

import pyreadstat

from flows.readers.cells import Cells, ReadOptions, number_text, unreadable, without_rows
from flows.readers.moments import clock, instant
from flows.readers.readstat import Write, cells, load
from flows.readers.sav_bytes import overwritten_rows
from flows.readers.zeroed import WHY

_FIRST = dt.date(1582, 10, 14)
_DATES = re.compile(r"(?:DATE|ADATE|EDATE|SDATE|JDATE|QYR|MOYR|WKYR|DATETIME|YMDHMS)\d*(?:\.\d*)?")
_TIMES = re.compile(r"(?:TIME|DTIME|MTIME)\d*(?:\.\d*)?")
#: Formats that show no day.
_PARTS = {"MOYR": "month", "QYR": "quarter", "WKYR": "week"}
_COUNT_AT = 80


def read(path: Path, options: ReadOptions) -> Cells:
    """The file's one table as text cells.

    Raises ReadError: damaged or cut, as many rows as the header says are not there, a declared encoding that does not fit.
    """
    data = path.read_bytes()
    if len(data) < 176:
        raise unreadable(path, "the SPSS file is cut within its header", "fetch or export it again")
    order = "<" if data[64:68] in (b"\2\0\0\0", b"\3\0\0\0") else ">"
    (told,) = struct.unpack(f"{order}i", data[_COUNT_AT : _COUNT_AT + 4])
    notes: list[str] = []
    # the count is taken out, so that rows beyond it are seen
    stat = load(
        path, data[:_COUNT_AT] + struct.pack(f"{order}i", -1) + data[_COUNT_AT + 4 :], pyreadstat.read_sav, options.encoding, notes
    )
    if told < 0:
        notes.append("its header does not say how many rows there are, so the file may be cut")
    elif told != stat.rows:
        raise unreadable(path, f"its header says {told} rows, but it holds {stat.rows}", "fetch or export it again")
    meta = stat.meta
    writers = {name: _shown(str(shown or "")) for name, shown in meta.original_variable_types.items()}
    missing = {name: [(r["lo"], r["hi"]) for r in ranges] for name, ranges in meta.missing_ranges.items()}
    parts = {name: _PARTS.get(re.sub(r"[\d.]+$", "", str(shown or "").upper()), "") for name, shown in meta.original_variable_types.items()}
    found = cells(stat, writers, options, notes, labels=meta.variable_value_labels, missing=missing, parts=parts)
    spoilt = overwritten_rows(data, order, stat.rows)
    if spoilt is None:
        raise unreadable(path, "its values do not fill its rows: the file is damaged", "fetch or export it again")
    return without_rows(found, (spoilt + 1).tolist(), WHY, options)


def _shown(name: str) -> Write:
    """How a number of a variable with this print format is written."""
    name = name.upper()
    if _DATES.fullmatch(name):
        whole = not name.startswith(("DATETIME", "YMDHMS"))
        return lambda value: (
            instant(_FIRST, round(value * 1000), value, whole_days=whole) if abs(value) < 1e15 else number_text(value)
        )
    if _TIMES.fullmatch(name):
        return lambda value: clock(round(value * 1000)) if abs(value) < 1e15 else number_text(value)
    return number_text
