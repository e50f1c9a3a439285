"""Castor EDC exports (CSV) -> text cells, with Castor's own codes for missing answers.

What belongs here: -95 to -99, the years 2995 to 2999 and their words. What does not: cutting text into cells (delimited.py).

Castor gives the reason why an answer is missing as a number, in dates as a year (castoredc-api, missing values).
`user_missing: keep` leaves them as cells; otherwise they are blank, and About.seen holds what was met.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.readers import delimited
from flows.readers.cells import ROW, About, Cells, ReadOptions

REASONS = {
    "-95": "measurement failed",
    "-96": "not applicable",
    "-97": "not asked",
    "-98": "asked but unknown",
    "-99": "not done",
}
_CODE = re.compile(r"-9[5-9]|(?:\d{2}-\d{2}-|\d{2}/\d{2}/)?299[5-9](?:-\d{2}-\d{2})?(?:[ ;T].*)?|Missing \([^)]*\)")


def read(path: Path, options: ReadOptions) -> Cells:
    """The export's rows. Raises ReadError: what delimited text raises."""
    cells = delimited.read(path, options)
    table = cells.table
    about: dict[str, About] = {}
    for place, name in enumerate(table.column_names):
        if name == ROW:
            continue
        seen = tuple(sorted(v for v in pc.unique(table[name]).to_pylist() if v is not None and _CODE.fullmatch(v.strip())))
        if not seen:
            continue
        about[name] = About(missing=(*REASONS, "2995..2999"), seen=seen)
        if options.user_missing == "blank":
            blank = pc.is_in(table[name], pa.array(seen, pa.string()))
            table = table.set_column(place, name, pc.if_else(blank, pa.scalar(None, pa.string()), table[name]))
            cells.notes.append(f"column {name!r} holds Castor's codes for missing answers; they are read as blank")
    return replace(cells, table=table, about=about)
