"""Old Excel workbooks (.xls, Excel 5 to 2003) -> text cells, each cell as it stands.

What belongs here: calling xlrd so that nothing is lost. What does not: header and sheets (sheets.py), dates (xlsx_cells.py).

xlrd alone of the libraries keeps error cells, number formats, hidden rows and the calendar of a workbook.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import xlrd
from xlrd.compdoc import CompDocError

from flows.readers.cells import Cells, ReadOptions, number_text, unreadable
from flows.readers.number_formats import PLAIN, NumberFormat, of_code
from flows.readers.rich_text import Look, joined
from flows.readers.sheets import Seen, SheetRow, pick, table
from flows.readers.xlsx_cells import dated

_DAMAGED = (xlrd.XLRDError, CompDocError, struct.error, AssertionError, LookupError, ValueError, TypeError, AttributeError,
            ArithmeticError, EOFError, RuntimeError, MemoryError)  # fmt: skip
_SECTOR = 512


def read(path: Path, options: ReadOptions) -> Cells:
    """One sheet as text cells. Raises ReadError: no such sheet, no header, damaged, cut or protected by a password."""
    data = path.read_bytes()
    log = io.StringIO()
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=log)
        notes: list[str] = []
        hidden = {book.sheet_by_index(n).name for n in range(book.nsheets) if book.sheet_by_index(n).visibility}
        name = pick(path, book.sheet_names(), hidden, options.sheet, notes)
        sheet = book.sheet_by_name(name)
        seen = Seen(merged=[(top + 1, bottom, left, right - 1) for top, bottom, left, right in sheet.merged_cells])
        seen.hidden_columns = [(place, place) for place, info in sheet.colinfo_map.items() if info.hidden]
        seen.comments = [(row + 1, place, note.text.strip()) for (row, place), note in sheet.cell_note_map.items()]
        rows = [*_rows(book, sheet, seen)]
        if (said := sheet._dimnrows) > sheet.nrows:  # its DIMENSIONS record; xlrd has no public name for it
            seen.notes.append(f"the sheet says that it has {said} rows and {sheet.nrows} are there; the file may be cut or damaged")
    except _DAMAGED as error:
        if "encrypt" in str(error).lower():
            raise unreadable(path, "the workbook is protected by a password", "save it without one") from None
        todo = "fetch or export it again; where Excel opens it without repair, save it as .xlsx"
        raise unreadable(path, "the workbook is damaged, cut or no Excel workbook", todo) from None
    if _is_cut(data) or "truncated" in log.getvalue().lower():
        raise unreadable(path, "the workbook is cut", "fetch or export it again")
    return replace(table(path, name, rows, seen, options, notes), parts=tuple(book.sheet_names()), part=name)


def _is_cut(data: bytes) -> bool:
    """Sectors that the file's own table of sectors counts, but that are not there."""
    if not data.startswith(b"\xd0\xcf\x11\xe0"):
        return False
    (shift,) = struct.unpack_from("<H", data, 30)
    (tables,) = struct.unpack_from("<I", data, 44)
    size = 1 << shift if 7 <= shift <= 16 else _SECTOR
    places = struct.unpack_from(f"<{min(tables, 109)}I", data, 76)
    last = -1
    for number, place in enumerate(places):
        start = (place + 1) * size
        entries = data[start : start + size]
        if len(entries) < size:
            return True
        used = [i for i, (entry,) in enumerate(struct.iter_unpack("<I", entries)) if entry != 0xFFFFFFFF]
        last = max(last, number * (size // 4) + used[-1] if used else -1)
    return len(data) < (last + 2) * size - size + 1


def _rows(book: xlrd.Book, sheet: xlrd.sheet.Sheet, seen: Seen) -> Iterator[SheetRow]:
    formats: dict[int, NumberFormat] = {}
    errors = 0
    for number in range(sheet.nrows):
        cells: dict[int, str] = {}
        for place, cell in enumerate(sheet.row(number)):
            if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                continue
            if cell.xf_index not in formats:
                shown = book.format_map.get(book.xf_list[cell.xf_index].format_key)
                formats[cell.xf_index] = of_code(shown.format_str) if shown else PLAIN
            errors += cell.ctype == xlrd.XL_CELL_ERROR
            text = _text(cell, formats[cell.xf_index].kind, bool(book.datemode))
            if runs := sheet.rich_text_runlist_map.get((number, place)):
                text = _rich(book, text, book.xf_list[cell.xf_index].font_index, runs)
            if text:
                cells[place] = text
                if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                    seen.odd.add(number + 1, place, formats[cell.xf_index])
                if book.font_list[book.xf_list[cell.xf_index].font_index].struck_out:
                    seen.strike(number + 1, place)
        if cells and number in sheet.rowinfo_map and sheet.rowinfo_map[number].hidden:
            seen.hide(number + 1)
        yield number + 1, cells
    if errors:
        seen.notes.append(f"{errors} cell(s) hold an Excel error such as #N/A, read as that text")


def _rich(book: xlrd.Book, text: str, font: int, runs: list[tuple[int, int]]) -> str:
    """The text of a cell with several fonts; each run begins at a character."""
    starts = [(0, font), *runs]
    ends = [at for at, _ in runs] + [len(text)]
    return joined([(text[at:end], _look(book.font_list[number])) for (at, number), end in zip(starts, ends, strict=True)])


def _look(font: xlrd.formatting.Font) -> Look:
    return "struck" if font.struck_out else "raised" if font.escapement else ""


def _text(cell: xlrd.sheet.Cell, kind: str, is_1904: bool) -> str:
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "true" if cell.value else "false"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    return dated(cell.value, kind, is_1904) if kind else number_text(cell.value)
