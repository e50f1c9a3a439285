"""Sheets of text cells, the files they become, and the planted problems that point at their rows.

What belongs here: writing CSV, Excel and SAS transport files so that the same rows always give the same bytes.
What does not: what is in the rows (one module a trial).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat

Row = dict[str, Any]
PROBLEM_COLUMNS = (
    ["id", "study", "site", "file", "row", "column", "table", "subject", "field", "planted", "expected", "rule", "also", "use"]
)


@dataclass
class Sheet:
    """One file (or one sheet of a workbook). `extra` holds cells beyond the columns, to make a row ragged."""

    columns: list[str]
    rows: list[Row] = field(default_factory=list)

    def add(self, *cells: Any) -> Row:
        """Append a row of cells in column order."""
        row = dict(zip(self.columns, cells, strict=True))
        self.rows.append(row)
        return row

    def find(self, **cells: Any) -> Row:
        """The first row with these cells (names with blanks: pass a dictionary by **)."""
        return next(r for r in self.rows if all(r[k] == v for k, v in cells.items()))

    def after(self, row: Row, new: Row) -> Row:
        """Put a row right after another one."""
        self.rows.insert(self.number(row), new)
        return new

    def number(self, row: Row) -> int:
        """1-based data row of a row object."""
        return next(n for n, r in enumerate(self.rows, 1) if r is row)

    def lines(self) -> list[list[Any]]:
        """Cells row by row; a row cut short gives fewer."""
        out = []
        for row in self.rows:
            cells = [row.get(c) for c in self.columns] + list(row.get("extra", ()))
            out.append(["" if c is None else c for c in cells[: row.get("cut", len(cells))]])
        return out


@dataclass
class Book:
    """The export of one unit: file (or file#sheet) -> sheet, and what was planted in it."""

    study: str
    site: str
    sheets: dict[str, Sheet] = field(default_factory=dict)
    planted: list[tuple[tuple[Row, ...], str, Row]] = field(default_factory=list)

    def sheet(self, name: str, columns: str | Sequence[str]) -> Sheet:
        """A new sheet."""
        names = columns.split() if isinstance(columns, str) else list(columns)
        self.sheets[name] = Sheet(names)
        return self.sheets[name]

    def plant(self, file: str, rows: Row | Sequence[Row] | None, rule: str, expected: str, planted: str, **more: str) -> None:
        """Note a problem: rows that carry it, the rule that must find it, what must happen."""
        found = () if rows is None else (rows,) if isinstance(rows, dict) else tuple(rows)
        line = {"study": self.study, "site": self.site, "file": file, "planted": planted, "expected": expected, "rule": rule}
        self.planted.append((found, file, line | more))

    def problems(self) -> list[Row]:
        """The planted problems with their row numbers."""
        out = []
        for rows, file, line in self.planted:
            numbers = ";".join(str(self.sheets[file].number(r)) for r in rows)
            out.append(line | {"row": numbers, "file": file.partition("#")[0]})
        return out


def csv_bytes(sheet: Sheet, encoding: str = "utf-8", delimiter: str = ",", newline: str = "\n") -> bytes:
    """A delimited text file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    writer.writerow(sheet.columns)
    writer.writerows(sheet.lines())
    return text.getvalue().encode(encoding)


def xlsx_bytes(sheets: dict[str, Sheet], title: dict[str, str], note: dict[str, str]) -> bytes:
    """A workbook: sheets may have a title row above the header and a note row at the end."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.created = book.properties.modified = datetime(2025, 6, 1)
    for name, sheet in sheets.items():
        page = book.create_sheet(name)
        if name in title:
            page.append([title[name]])
        page.append(sheet.columns)
        for row in sheet.rows:
            page.append([row.get(c) for c in sheet.columns])
        if name in note:
            page.append([note[name]])
        for cells in page.iter_rows(min_row=2):
            for cell in cells:
                if isinstance(cell.value, datetime):
                    cell.number_format = "yyyy-mm-dd hh:mm"
                elif isinstance(cell.value, date):
                    cell.number_format = "yyyy-mm-dd"
    raw, out = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2025-06-01T00:00:00Z", data)
            new.writestr(zipfile.ZipInfo(name, (2025, 6, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def xpt_bytes(sheet: Sheet, name: str, folder: Path) -> bytes:
    """A SAS transport file, version 5; the creation time in its header is fixed."""
    path = folder / f"{name.lower()}.tmp"
    frame = pd.DataFrame(sheet.lines(), columns=sheet.columns)
    pyreadstat.write_xport(frame, str(path), table_name=name.upper(), file_format_version=5)
    data = path.read_bytes()
    path.unlink()
    return re.sub(rb"\d\d[A-Z]{3}\d\d:\d\d:\d\d:\d\d", b"01JUN25:00:00:00", data)


def write_folder(book: Book, folder: Path, encoding: str = "utf-8", delimiter: str = ",", newline: str = "\n") -> None:
    """Every sheet as a delimited text file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sheet in book.sheets.items():
        (folder / name).write_bytes(csv_bytes(sheet, encoding, delimiter, newline))
