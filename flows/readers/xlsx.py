"""Excel workbooks (.xlsx, .xlsm) -> text cells, each cell as it stands, whatever its neighbours in the column are.

What belongs here: rows of a sheet, header, notes about what a reader cannot see. Cell text: xlsx_cells.py.
What does not: what a cell means (the mapping); a date that Excel already spoilt ("1-2" turned into 1 February) stays as stored.

Read from the file's own XML: the fast libraries give a column one type and lose error cells, exact numbers and durations.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as Xml

import numpy as np
import pyarrow as pa

from flows.readers.cells import Cells, ReadOptions, column_names, finish, unreadable
from flows.readers.xlsx_cells import Book, CellReader, read_book

_LARGEST = 2**30
_LETTERS = re.compile(r"[A-Z]+")
_Row = tuple[int, dict[int, str]]


def read(path: Path, options: ReadOptions) -> Cells:
    """One sheet as text cells; `_row` counts sheet rows below the header, blank ones too.

    Raises ReadError: no such sheet, no header, damaged or protected workbook.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if any(part.file_size > _LARGEST for part in archive.infolist()):
                raise unreadable(path, "a part of the workbook is above 1 GB", "send the table as csv")
            book = read_book(archive)
            notes: list[str] = []
            name, part = _sheet(path, book, options.sheet, notes)
            with archive.open(part) as file:
                return _table(path, file, name, CellReader(book), options, notes)
    except (zipfile.BadZipFile, zlib.error, Xml.ParseError, EOFError, StopIteration, LookupError, ValueError, RuntimeError):
        raise unreadable(path, "the workbook is damaged or no Excel workbook", "open it in Excel and save it again") from None


def _sheet(path: Path, book: Book, wanted: str | int | None, notes: list[str]) -> tuple[str, str]:
    """Name and part of the wanted sheet: by name, by number (1 = first), or the first one."""
    names = list(book.sheets)
    visible = [name for name in names if name not in book.hidden] or names
    if not names:
        raise unreadable(path, "the workbook has no sheet with cells", "export the table again")
    if isinstance(wanted, str):
        found = next((n for n in names if n == wanted), None) or next((n for n in names if n.strip() == wanted.strip()), None)
    elif wanted is None:
        found = visible[0]
        if len(visible) > 1:
            notes.append(f"the workbook has {len(visible)} sheets and none is named; the first, {found!r}, is read")
    else:
        found = names[wanted - 1] if 1 <= wanted <= len(names) else None
    if found is None:
        raise unreadable(path, f"there is no sheet {wanted!r}; there are {names}", "correct `sheet` in the site's file")
    return found, book.sheets[found]


@dataclass
class _Seen:
    """What a person should know about the sheet, counted while reading."""

    hidden_rows: int = 0
    merged: int = 0
    rows: list[_Row] = field(default_factory=list)


def _rows(file: IO[bytes], cell_reader: CellReader, seen: _Seen) -> Iterator[_Row]:
    """Number and filled cells (0-based column -> text) of each sheet row."""
    number = 0
    inside: list[Xml.Element] = []
    for event, element in Xml.iterparse(file, events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            if tag == "sheetData":
                inside.append(element)
            continue
        if tag == "row":
            number = int(element.get("r", number + 1))
            seen.hidden_rows += element.get("hidden") in ("1", "true")
            cells: dict[int, str] = {}
            place = -1
            for cell in element:
                reference = cell.get("r")
                place = _column(reference) if reference else place + 1
                text = cell_reader.text(cell)
                if text:
                    cells[place] = text
            yield number, cells
            element.clear()
            inside[-1].clear()
        elif tag == "mergeCell":
            seen.merged += 1


def _column(reference: str) -> int:
    """0-based column of a cell reference such as AB12."""
    found = _LETTERS.match(reference)
    column = 0
    for letter in found[0] if found else "":
        column = column * 26 + ord(letter) - 64
    return column - 1


def _table(
    path: Path, file: IO[bytes], sheet: str, cell_reader: CellReader, options: ReadOptions, notes: list[str]
) -> Cells:
    seen = _Seen()
    header: dict[int, str] = {}
    width = 0
    for number, cells in _rows(file, cell_reader, seen):
        if number == options.header_row:
            header = cells
        elif number > options.header_row and cells:
            seen.rows.append((number - options.header_row, cells))
        else:
            continue
        width = max(width, *(place + 1 for place in cells)) if cells else width
    if not header:
        raise unreadable(path, f"row {options.header_row} of sheet {sheet!r}, the header, is blank", "set header_row")
    used = set(header).union(*(cells for _, cells in seen.rows))
    filled = [place for place in range(width) if place in used]
    names = column_names([header.get(place) for place in filled], notes, [place + 1 for place in filled])
    columns = [pa.chunked_array([pa.array([cells.get(place) for _, cells in seen.rows], pa.string())]) for place in filled]
    rows = np.array([number for number, _ in seen.rows], np.int64)
    if seen.hidden_rows:
        notes.append(f"{seen.hidden_rows} hidden row(s) are read like all others")
    if seen.merged:
        notes.append(f"{seen.merged} merged range(s): the value stands in the first cell only")
    notes += cell_reader.notes()
    return finish(names, columns, rows, options, notes)
