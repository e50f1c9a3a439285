"""NIMH Data Archive templates (first line `lsas,01`, header on line 2) and downloads (a line that describes each column) -> text cells.

What belongs here: the line with the structure's name and version, the line of descriptions. What does not: cutting text into cells
(delimited.py), months of `interview_age` and the archive's -999 (a site's mapping says what they mean).

A download is tab-delimited: line 1 names the columns (collection_id, subjectkey ...), line 2 describes them and is no record.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc

from flows.readers import delimited
from flows.readers.cells import ROW, About, Cells, Ragged, ReadOptions, unreadable

_FIRST = re.compile(rb'(?:\xef\xbb\xbf)?"?([a-z][a-z0-9_]*)"?[,;\t]"?(\d{1,2})"?[,;\t]*\r?(?:\n|$)')
#: Columns that the archive adds to a download, beside `<structure>_id`.
_ADDED = ("collection_id", "dataset_id", "collection_title")
_NAME = re.compile(r"[a-z][a-z0-9_]*_id")


def is_one(start: bytes) -> bool:
    """Do a text's first bytes name a structure, above a header with the archive's subject key; or are they a download's?"""
    found = _FIRST.match(start)
    if found is not None:
        return b"subjectkey" in start[found.end() :].split(b"\n", 1)[0]
    return _is_download(start)


def _is_download(start: bytes) -> bool:
    """Does the first line name the archive's own columns, and does the second repeat the name of the first?"""
    lines = [line.replace(b'"', b"").rstrip(b"\r").split(b"\t") for line in start.removeprefix(b"\xef\xbb\xbf").split(b"\n", 2)[:2]]
    return len(lines) == 2 and lines[0][0] == lines[1][0] == b"collection_id" and b"subjectkey" in lines[0]


def read(path: Path, options: ReadOptions) -> Cells:
    """The rows under the second line. Raises ReadError: no structure in the first line, and what delimited text raises."""
    with path.open("rb") as file:
        start = file.read(2**16)
    if _is_download(start):
        return _download(path, options)
    found = _FIRST.match(start)
    if found is None:
        raise unreadable(path, "its first line does not name a structure of the NIMH Data Archive", "export it again")
    cells = delimited.read(path, replace(options, header_row=2))
    cells.notes.append(f"NIMH Data Archive structure {found[1].decode()}, version {found[2].decode()}")
    return cells


def _download(path: Path, options: ReadOptions) -> Cells:
    """A download: the descriptions become labels, the archive's own columns structure."""
    cells = delimited.read(path, options)
    table = cells.table
    table = table.set_column(table.column_names.index(ROW), ROW, pc.subtract(table[ROW], 1))
    described = table.filter(pc.equal(table[ROW], 0)).to_pylist()
    labels = described[0] if described else {}
    structure = {n for n in table.column_names if n in _ADDED or (_NAME.fullmatch(n) and labels.get(n) == n)}
    about = {n: About(label=labels.get(n) or "", is_structure=n in structure) for n in table.column_names if n != ROW}
    ragged = [Ragged(r.row - 1, r.line, r.why) for r in cells.ragged]
    cells.notes.append("a download of the NIMH Data Archive; its second line describes the columns")
    return replace(cells, table=table.filter(pc.greater(table[ROW], 0)), ragged=ragged, about=about)
