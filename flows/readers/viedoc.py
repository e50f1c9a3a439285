"""Viedoc exports (CSV or Excel, a form a file or sheet) -> text cells: labels in the first row, identifiers in the second.

What belongs here: the two rows of names, the code (FIELDCD) beside an answer, the columns that say which form it is. What does not:
cutting a file into cells (delimited.py, xlsx.py), its ODM export (odm.py).

The second row names the columns and is no record. Where the export was asked for without labels, the first does.
Source: Viedoc learning, Exporting data; Excel export.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.readers import delimited, xlsx
from flows.readers.cells import ROW, About, Cells, Mark, Ragged, ReadOptions, unreadable

#: Columns that Viedoc puts before the items of every form.
_HEAD = frozenset((
    "SiteSeq", "SiteName", "SiteCode", "SubjectSeq", "SubjectId", "EventSeq", "EventId", "EventName", "EventDate", "ActivityId",
    "ActivityName", "FormId", "FormName", "FormSeq", "SubjectFormSeq", "OriginSubjectFormSeq", "SourceSubjectFormSeq", "StudyName",
    "Country", "CountryCode", "DesignVersion",
))  # fmt: skip
_NEEDED = frozenset(("SiteSeq", "SubjectSeq", "SubjectId", "EventSeq"))


def is_one(start: bytes) -> bool:
    """Does the first or the second row of a text name the columns of a Viedoc form?"""
    if not all(name.encode() in start for name in _NEEDED):
        return False
    text = start.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    line = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=line.count))
    try:
        return any(names_it(names) for _, names in zip(range(2), rows, strict=False))
    except csv.Error:  # a cell without an end
        return False


def names_it(names: list[str]) -> bool:
    """Are these the names of a form's columns?"""
    return {n.strip() for n in names} >= _NEEDED


def read(path: Path, options: ReadOptions) -> Cells:
    """The form's records. Raises ReadError: neither row holds Viedoc's names, and what text and workbooks raise."""
    with path.open("rb") as file:
        inner = xlsx.read if file.read(4).startswith(b"PK") else delimited.read
    cells = inner(path, options)
    if inner is xlsx.read:
        cells = replace(cells, typed=True)
    if not names_it(cells.table.column_names):
        cells = _under_labels(path, cells)
    table, about = cells.table, dict(cells.about)
    for name in (n for n in table.column_names if n != ROW):
        if name in _HEAD and name != "SubjectId":
            about[name] = replace(about.get(name, About()), is_structure=True)
        elif f"{name}CD" in table.column_names:
            about |= _coded(table, name, about)
    return replace(cells, about=about)


def _under_labels(path: Path, cells: Cells) -> Cells:
    """The row under the labels as the header; rows are counted from the one below it."""
    table = cells.table
    first = [str(table[n][0].as_py() or "").strip() for n in table.column_names if n != ROW] if table.num_rows else []
    if not names_it(first) or len(set(first)) < len(first) or table[ROW][0].as_py() != 1:
        raise unreadable(path, "neither of its first two rows names the columns of a Viedoc form", "export it again, or set header_row")
    labels = [n.partition("#")[0] for n in table.column_names if n != ROW]
    new = {old: name for old, name in zip([n for n in table.column_names if n != ROW], first, strict=True)}
    about = {name: replace(cells.about.get(old, About()), label=label) for (old, name), label in zip(new.items(), labels, strict=True)}
    return replace(
        cells, table=_counted(table.rename_columns([new.get(n, n) for n in table.column_names])).slice(1), about=about,
        ragged=[Ragged(r.row - 1, r.line, r.why) for r in cells.ragged],
        marks=tuple(Mark(m.row - 1, m.kind, tuple(new.get(c, c) for c in m.columns), m.text) for m in cells.marks),
        cut=None if cells.cut is None else _counted(cells.cut.rename_columns([new.get(n, n) for n in cells.cut.column_names])),
    )  # fmt: skip


def _counted(table: pa.Table) -> pa.Table:
    return table.set_column(table.column_names.index(ROW), ROW, pc.subtract(table[ROW], 1))


def _coded(table: pa.Table, name: str, about: dict[str, About]) -> dict[str, About]:
    """FIELDCD as the code of what FIELD shows, where each code shows one text."""
    code = f"{name}CD"
    pairs = {(p[name], p[code]) for p in table.select([name, code]).group_by([name, code]).aggregate([]).to_pylist()} - {(None, None)}
    labels = {coded: text for text, coded in pairs if coded is not None and text is not None}
    if len(labels) < len(pairs) or len(set(labels.values())) < len(labels):
        return {}
    label = about.get(name, About()).label or name
    return {code: replace(about.get(code, About()), label=label, labels=labels), name: replace(about.get(name, About()), is_structure=True)}
