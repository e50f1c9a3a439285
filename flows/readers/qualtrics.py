"""Qualtrics survey exports (CSV or TSV with three header rows) -> text cells.

What belongs here: the question texts and import ids under the column names, preview and test responses told.
What does not: cutting text into cells (delimited.py).

Rows 2 (question) and 3 ({"ImportId": ...}) are no responses. The old format has no import ids: set `header_rows: 2`. Row 3 names the
time zone of StartDate, EndDate and RecordedDate: a mapping that reads them as the clock of another zone is told.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.readers import delimited
from flows.readers.cells import ROW, About, Cells, Ragged, ReadOptions, unreadable

_IMPORT_ID = '"ImportId"'
#: Responses that are none: words of their label, and numbers (Qualtrics, Understanding your data set: Status, Distribution Channel).
_TRIALS = r"(?i)preview|\btest|spam|^(?:1|2|8|9|12|17|40)$"
_TOLD_BY = ("Status", "DistributionChannel")


def is_one(start: bytes) -> bool:
    """Do a text's first bytes show the row of import ids?"""
    plain = start.replace(b"\0", b"")
    return b'{""ImportId"":' in plain or b'\t{"ImportId":' in plain or b'\n{"ImportId":' in plain


def read(path: Path, options: ReadOptions) -> Cells:
    """The responses; `_row` counts them. Raises ReadError: header rows that are not Qualtrics's, and what delimited text raises."""
    more = 1 if options.header_rows == 2 else 2
    cells = delimited.read(path, replace(options, header_rows=1))
    table = cells.table
    top = [row for row in table.slice(0, more).to_pylist() if row[ROW] <= more]
    marks = [v for v in top[-1].values() if isinstance(v, str)] if len(top) == more else []
    if not marks or (more == 2 and not all(_IMPORT_ID in v for v in marks)):
        raise unreadable(path, "it has not the header rows of Qualtrics", "export it again, or set `format: delimited`")
    table = _without_header(table, more).slice(more)
    cut = None if cells.cut is None else _without_header(cells.cut, more)
    ragged = [Ragged(r.row - more, r.line, r.why) for r in cells.ragged]
    notes = [*cells.notes, f"{1 + more} header rows of Qualtrics"]
    trials = _trials(table)
    if trials:
        notes.append(f"{trials} response(s) are previews, tests or spam, so they may be wrong here: leave them out with `where`")
    about = {n: About(label=" ".join(str(top[0][n] or "").split()), zone=_zone(top[-1][n])) for n in table.column_names if n != ROW}
    return replace(cells, table=table, ragged=ragged, notes=notes, about=about, cut=cut)


def _without_header(table: pa.Table, more: int) -> pa.Table:
    """Rows counted from the first response."""
    return table.set_column(table.column_names.index(ROW), ROW, pc.subtract(table[ROW], more))


def _zone(mark: object) -> str:
    """The time zone that a column's import id names."""
    try:
        said = json.loads(mark) if isinstance(mark, str) else None
    except ValueError:
        said = None
    return str(said.get("timeZone") or "") if isinstance(said, dict) else ""


def _trials(table: pa.Table) -> int:
    found = [pc.fill_null(pc.match_substring_regex(table[n], _TRIALS), False) for n in _TOLD_BY if n in table.column_names]
    if not found:
        return 0
    either = found[0] if len(found) == 1 else pc.or_(*found)
    return int(pc.sum(pc.cast(either, pa.int64())).as_py() or 0)
