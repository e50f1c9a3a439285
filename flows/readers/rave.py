"""Clinical views of Medidata Rave (CSV of Rave Web Services, SAS on Demand) -> text cells, one column a field.

What belongs here: a field's companions (FIELD_RAW as entered, FIELD_INT imputed, _YYYY _MM _DD, _STD), records taken back, the line
EOF. What does not: cutting text into cells (delimited.py), SAS files (sas7bdat.py).

A date or number that Rave could not take, or a date of which day or month is not known, is blank in FIELD and stands in FIELD_RAW only:
FIELD is filled in from it, a partial date by its year and month. FIELD_INT holds a day nobody wrote, and is never needed. Of a coded
answer FIELD_STD holds the code and FIELD what was shown. A record whose RecordActive is 0 was taken back and is left out. Rave Web
Services ends every export with a line EOF; where it lacks, rows may too.
Source: Medidata, Rave Architect help, Header information in clinical views; Rave Web Services, Biostat adapter.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.readers import delimited
from flows.readers.cells import ROW, About, Cells, ReadOptions

#: Columns that Rave puts before the fields of every form, in small letters.
_HEAD = frozenset((
    "userid", "projectid", "project", "studyid", "environmentname", "subjectid", "studysiteid", "subject", "siteid", "site",
    "sitenumber", "sitegroup", "instanceid", "instancename", "instancerepeatnumber", "folderid", "folder", "foldername", "folderseq",
    "targetdays", "datapageid", "datapagename", "pagerepeatnumber", "recorddate", "recordid", "recordposition", "recordactive",
    "savets", "mincreated", "maxupdated", "studyenvsitenumber",
))  # fmt: skip
_NEEDED = frozenset(("subjectid", "subject", "instancename", "datapagename", "recordposition"))
_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2})[T ]00:00:00(?:\.0+)?$"
_PARTS = ("_YYYY", "_MM", "_DD")
_END = b"EOF"


def is_one(start: bytes) -> bool:
    """Does a text's first line name the columns of a clinical view?"""
    line = start.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].lower().replace(b'"', b"").replace(b"\t", b",").replace(b"|", b",")
    return {name.strip().decode("ascii", "replace") for name in line.split(b",")} >= _NEEDED


def read(path: Path, options: ReadOptions) -> Cells:
    """The view's records. Raises ReadError: what delimited text raises."""
    cells = delimited.read(path, options)
    with path.open("rb") as file:
        start = file.read(2**16)
        file.seek(max(path.stat().st_size - 64, 0))
        tail = file.read()
    ended = tail.rstrip().rpartition(b"\n")[2].strip() == _END
    last = max((r.row for r in cells.ragged), default=0)
    if ended and last > max(cells.table[ROW].to_pylist(), default=0):
        cells = replace(cells, ragged=[r for r in cells.ragged if r.row != last])
    elif not ended and start.partition(b"\n")[2].startswith(b'"') and not start.startswith(b'"'):
        cells.notes.append("its last line is not EOF, with which Rave Web Services ends every export, so the file may be cut")
    return as_view(cells)


def as_view(cells: Cells) -> Cells:
    """Fields filled in from their companions, if the columns are those of a clinical view."""
    table = cells.table
    names = [n for n in table.column_names if n != ROW]
    if not {n.lower() for n in names} >= _NEEDED:
        return cells
    about = dict(cells.about)
    for name in (n for n in names if n.lower() == "recordactive"):
        gone = pc.fill_null(pc.is_in(table[name], pa.array(["0", "0.0", "False", "false"])), False)
        if pc.any(gone).as_py():
            cells.notes.append(f"{pc.sum(pc.cast(gone, pa.int64()))} record(s) that are inactive in Rave are left out")
            table = table.filter(pc.invert(gone))
    for name in names:
        if name.lower() in _HEAD and name.lower() != "subject":
            about[name] = replace(about.get(name, About()), is_structure=True)
        elif f"{name}_RAW" in names:
            place = table.column_names.index(name)
            table = table.set_column(place, name, _filled_in(table, name))
        for companion in (f"{name}_{end}" for end in ("RAW", "INT", "YYYY", "MM", "DD")):
            if companion in names and f"{name}_RAW" in names:
                about[companion] = replace(about.get(companion, About()), is_structure=True)
        if f"{name}_STD" in names:
            about |= _coded(table, name, about)
    return replace(cells, table=table, about=about)


def _filled_in(table: pa.Table, name: str) -> pa.ChunkedArray:
    """The field; where it is blank its parts that are known, else the text as entered."""
    plain = pc.replace_substring_regex(table[name], _MIDNIGHT, r"\1")
    raw = table[f"{name}_RAW"]
    if not all(f"{name}{part}" in table.column_names for part in _PARTS):
        return pc.coalesce(plain, raw)
    year, month, day = (pc.replace_substring_regex(table[f"{name}{part}"], r"\.0+$", "") for part in _PARTS)
    of_month = pc.binary_join_element_wise(year, pc.utf8_lpad(month, 2, "0"), "-")
    known = pc.if_else(pc.is_null(month), year, of_month)
    known = pc.if_else(pc.and_(pc.is_valid(raw), pc.is_null(day)), known, pa.scalar(None, pa.string()))
    return pc.coalesce(plain, known, raw)


def _coded(table: pa.Table, name: str, about: dict[str, About]) -> dict[str, About]:
    """FIELD_STD as the code of what FIELD shows, where each code shows one text; a value with units has a standard one instead."""
    std, of_unit = f"{name}_STD", [f"{name}_UN", f"{name}_STD_UN"]
    if of_unit[0] in table.column_names:
        spare = [n for n in (std, of_unit[1]) if n in table.column_names]
        return {n: replace(about.get(n, About()), is_structure=True) for n in spare}
    pairs = {(p[name], p[std]) for p in table.select([name, std]).group_by([name, std]).aggregate([]).to_pylist()} - {(None, None)}
    labels = {code: text for text, code in pairs if code is not None and text is not None}
    if len(labels) < len(pairs) or len(set(labels.values())) < len(labels) or all(code == text for code, text in labels.items()):
        return {}
    return {std: replace(about.get(std, About()), label=name, labels=labels), name: replace(about.get(name, About()), is_structure=True)}
