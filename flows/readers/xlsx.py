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
from dataclasses import replace
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as Xml

from flows.readers.cells import Cells, ReadOptions, unreadable
from flows.readers.inflate import bounded
from flows.readers.sheets import Seen, SheetRow, pick, table
from flows.readers.xlsx_cells import CellReader, comments, read_book

_LETTERS = re.compile(r"[A-Z]+")


def read(path: Path, options: ReadOptions) -> Cells:
    """One sheet as text cells; `_row` counts sheet rows below the header, blank ones too.

    Raises ReadError: no such sheet, no header, damaged or protected workbook.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                bounded(path, part.compress_size, part.file_size)
            book = read_book(archive)
            notes: list[str] = []
            name = pick(path, [*book.sheets], book.hidden, options.sheet, notes)
            seen, cells = Seen(), CellReader(book)
            with archive.open(book.sheets[name]) as file:
                rows = [*_rows(file, cells, seen)]
            for reference, text in comments(archive, book.sheets[name]):
                seen.comments.append((int(_LETTERS.sub("", reference)), _column(reference), text))
            seen.notes = cells.notes()
            return replace(table(path, name, rows, seen, options, notes), parts=tuple(book.sheets), part=name)
    except (zipfile.BadZipFile, zlib.error, Xml.ParseError, EOFError, StopIteration, LookupError, ValueError, RuntimeError):
        todo = "fetch or export it again; where Excel opens it without repair, save it again"
        raise unreadable(path, "the workbook is damaged or no Excel workbook", todo) from None


def _rows(file: IO[bytes], cell_reader: CellReader, seen: Seen) -> Iterator[SheetRow]:
    """Number and filled cells (0-based column -> text) of each sheet row."""
    number = 0
    styles, strings = cell_reader.book.struck_styles, cell_reader.book.struck_strings
    can_strike = bool(styles or strings)
    inside: list[Xml.Element] = []
    for event, element in Xml.iterparse(file, events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            if tag == "sheetData":
                inside.append(element)
            continue
        if tag == "row":
            number = int(element.get("r", number + 1))
            if element.get("hidden") in ("1", "true"):
                seen.hide(number)
            cells: dict[int, str] = {}
            place = -1
            for cell in element:
                reference = cell.get("r")
                place = _column(reference) if reference else place + 1
                text = cell_reader.text(cell)
                if text:
                    cells[place] = text
                    seen.odd.add(number, place, cell_reader.format)
                    if can_strike and (cell.get("s") in styles or (cell.get("t") == "s" and strings and cell.findtext("{*}v") in strings)):
                        seen.strike(number, place)
            yield number, cells
            element.clear()
            inside[-1].clear()
        elif tag == "col" and element.get("hidden") in ("1", "true"):
            seen.hidden_columns.append((int(element.get("min", "1")) - 1, int(element.get("max", "1")) - 1))
        elif tag == "mergeCell":
            first, _, end = element.get("ref", "A1").partition(":")
            end = end or first
            seen.merged.append((int(_LETTERS.sub("", first)), int(_LETTERS.sub("", end)), _column(first), _column(end)))


def _column(reference: str) -> int:
    """0-based column of a cell reference such as AB12."""
    found = _LETTERS.match(reference)
    column = 0
    for letter in found[0] if found else "":
        column = column * 26 + ord(letter) - 64
    return column - 1
