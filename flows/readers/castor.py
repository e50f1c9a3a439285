"""Castor EDC exports (CSV or Excel) -> text cells, with Castor's own codes for missing answers.

What belongs here: -95 to -99, the years 2995 to 2999 and their words. What does not: cutting a file into cells (delimited.py, xlsx.py).

Castor gives the reason why an answer is missing as a number, in dates as a year, in texts as ##USER_MISSING_97## (castoredc-api, missing
values). A whole number from 2995 to 2999 is one only in a column of years.
`user_missing: keep` leaves them as cells; otherwise they are blank, and About.seen holds what was met.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.readers import delimited, xlsx
from flows.readers.cells import ROW, About, Cells, ReadOptions

REASONS = {
    "-95": "measurement failed",
    "-96": "not applicable",
    "-97": "not asked",
    "-98": "asked but unknown",
    "-99": "not done",
}
_CODE = re.compile(
    r"-9[5-9]|##USER_MISSING_9[5-9]##|Missing \([^)]*\)|(?:\d{2}-\d{2}-|\d{2}/\d{2}/)299[5-9](?:[ ;T].*)?|299[5-9]-\d{2}-\d{2}(?:[ ;T].*)?"
)
_YEAR, _CODED_YEAR = re.compile(r"(?:18|19|20)\d{2}|299[5-9]"), re.compile(r"299[5-9]")


def read(path: Path, options: ReadOptions) -> Cells:
    """The export's rows. Raises ReadError: what delimited text and Excel workbooks raise."""
    with path.open("rb") as file:
        is_text = not file.read(4).startswith(b"PK")
    cells = delimited.read(path, options) if is_text else replace(xlsx.read(path, options), typed=True)
    table = cells.table
    about: dict[str, About] = {}
    for place, name in enumerate(table.column_names):
        if name == ROW:
            continue
        seen = _seen({v: v.strip() for v in pc.unique(table[name]).to_pylist() if v is not None})
        if not seen:
            continue
        about[name] = About(missing=(*REASONS, "2995..2999"), seen=seen)
        if options.user_missing == "blank":
            blank = pc.is_in(table[name], pa.array(seen, pa.string()))
            table = table.set_column(place, name, pc.if_else(blank, pa.scalar(None, pa.string()), table[name]))
            cells.notes.append(f"column {name!r} holds Castor's codes for missing answers; they are read as blank")
    return replace(cells, table=table, about=cells.about | about)


def _seen(values: dict[str, str]) -> tuple[str, ...]:
    """The codes among a column's values, given as they stand and trimmed."""
    codes = {v for v, plain in values.items() if _CODE.fullmatch(plain)}
    others = {v: plain for v, plain in values.items() if v not in codes}
    coded_years = {v for v, plain in others.items() if _CODED_YEAR.fullmatch(plain)}
    years = all(_YEAR.fullmatch(plain) for plain in others.values()) and len(coded_years) < len(others)
    return tuple(sorted(codes | coded_years if years else codes))
