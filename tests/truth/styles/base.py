"""What every export style shares: how a field becomes a cell, how records become rows, how rows become files.

What belongs here: sheets, columns, cells. What does not: a style of its own (one file each beside this one; found by folder).
A style's site.yaml is written by hand, as a data manager would: the suite does not derive the mapping from the writer.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests.truth.programme import item_codes
from tests.truth.records import Record, Site

Cell = Any


@dataclass
class Sheet:
    """One file, or one sheet of a workbook: column names and rows of cells."""

    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    records: list[Record | None] = field(default_factory=list)

    def add(self, cells: list[Cell], record: Record) -> None:
        """Append a row; the record's cut or extra cells are laid on it."""
        self.rows.append([*cells[: record.cut if record.cut is not None else len(cells)], *record.extra])
        self.records.append(record)


@dataclass(frozen=True)
class Col:
    """A column: its name, the record's field, and how the value is written."""

    name: str
    field: str
    write: Callable[[Any], Cell] = lambda v: v
    part: str = ""


class Style:
    """How one kind of site writes its export. Subclasses say the differences."""

    name: ClassVar[str] = ""
    study: ClassVar[str] = ""
    zone: ClassVar[str] = "UTC"
    yaml: ClassVar[str] = ""
    members: ClassVar[tuple[str, ...]] = ()
    scale: ClassVar[str] = "0-100"
    weight_unit: ClassVar[str] = "kg"
    split: ClassVar[bool] = False  # date and time in two columns: an instant cannot lie on another day
    has_exposure: ClassVar[bool] = True
    unit: ClassVar[str] = "mg"
    dose_kind: ClassVar[str] = "unit_column"  # unit_column, in_text, fixed, count
    clock: ClassVar[str] = "site"  # site, utc, offset
    decimal: ClassVar[str] = "."
    date: ClassVar[str] = "%Y-%m-%d"
    time: ClassVar[str] = "%H:%M"
    between: ClassVar[str] = " "
    blank: ClassVar[Cell] = ""
    totals: ClassVar[bool] = True
    delimited: ClassVar[bool] = True  # a text file: rows can be cut
    typed: ClassVar[bool] = False
    wide: ClassVar[bool] = False  # several records a row
    one_file: ClassVar[bool] = False  # all tables are in one file
    nested: ClassVar[bool] = False  # a row stands within its participant, so that it cannot be without one
    id_pad: ClassVar[int] = 0
    codes: ClassVar[dict[str, dict[Any, str]]] = {}

    # what a record's values look like -------------------------------------------------------------------------------
    def subjid(self, number: int) -> str:
        """The published identifier."""
        return str(number)

    def id_text(self, number: int) -> str:
        """The identifier as the site sends it."""
        return self.subjid(number)

    def amount(self, mg: float) -> dict[str, Any]:
        """How an amount stands in the export: amount and unit."""
        value = mg / 1000 if self.unit == "g" else mg
        return {"amount": value, "unit": self.unit}

    def number(self, value: Any) -> Cell:
        """A number as text."""
        text = value if isinstance(value, str) else f"{value:.10g}"
        return text.replace(".", self.decimal)

    def day(self, value: Any) -> Cell:
        """A date; a partial ISO text is cut as the site cuts it."""
        if isinstance(value, str):
            return self.partial(value)
        return value.strftime(self.date)

    def partial(self, iso: str) -> str:
        """A date of which day or month may be missing."""
        return dt.date.fromisoformat(iso).strftime(self.date) if len(iso) == 10 else iso

    def instant(self, value: dt.datetime) -> Cell:
        """A date and clock time; a naive one is the wall clock as written."""
        if self.clock == "utc" and value.tzinfo:
            value = value.astimezone(dt.UTC)
        return value.strftime(f"{self.date}{self.between}{self.time}")

    def clock_part(self, value: dt.datetime) -> Cell:
        """The clock time alone."""
        return value.strftime(self.time)

    # from records to sheets ------------------------------------------------------------------------------------------
    def cell(self, record: Record, column: Col) -> Cell:
        """The text as sent: the raw override, else the written value, else blank."""
        raw = record.text.get(f"{column.field}:{column.part}", record.text.get(column.field) if column.part != "date" else None)
        if raw is not None:
            return raw
        value = self.id_text(record.subject.number) if column.field == "subject_id" else record.sent.get(column.field)
        if column.field == "site" and value is None:
            value = record.subject.site.member(record.subject.number)
        return self.blank if value is None else column.write(value)

    def flat(self, sheets: dict[str, Sheet], name: str, columns: Iterable[Col], records: Iterable[Record]) -> None:
        """Records as rows of one sheet."""
        columns = list(columns)
        sheet = sheets.setdefault(name, Sheet([c.name for c in columns]))
        for record in records:
            for row in record.rows():
                sheet.add([self.cell(row, c) for c in columns], row)

    def cols(self, spec: str) -> list[Col]:
        """Columns from `Name=field`, `Name=field|writer` (a method or a code list of the style), `Name=field|writer|date or time`."""
        out = []
        for part in spec.split(";"):
            name, _, rest = part.strip().partition("=")
            field_, writer, half = [*rest.split("|"), "", ""][:3]
            write = mapped(self.codes[writer]) if writer in self.codes else getattr(self, writer) if writer else lambda v: v
            out.append(Col(name, field_, write, half))
        return out

    def table(self, sheets: dict[str, Sheet], site: Site, name: str, table: str, spec: str) -> None:
        """Every record of a table as rows of one sheet."""
        self.flat(sheets, name, self.cols(spec), self.of(site, table))

    def items(self, instrument: str, name: Callable[[str], str]) -> list[Col]:
        """One column an item."""
        return [Col(name(code), f"item:{code}", self.number) for code, _, _ in item_codes(instrument)]

    def forms(self, site: Site, instrument: str) -> list[Record]:
        """The administrations of an instrument, their items spread into fields."""
        out = [r for s in site.subjects for r in s.records["assessment"] if r.true["instrument"] == instrument]
        for record in (row for r in out for row in [r, *r.copies]):
            record.sent |= {f"item:{c}": v for c, v in record.sent["items"].items()}
        return out

    def of(self, site: Site, table: str) -> list[Record]:
        """Every record of a table."""
        return [r for s in site.subjects for r in s.records[table]]

    def sheets(self, site: Site) -> dict[str, Sheet]:
        """The export as sheets."""
        raise NotImplementedError

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """Sheets as files: delimited text unless the style says otherwise."""
        return {name: self.text_file(sheet) for name, sheet in sheets.items()}

    delimiter: ClassVar[str] = ","
    encoding: ClassVar[str] = "utf-8"

    def text_file(self, sheet: Sheet) -> bytes:
        """A delimited text file."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator="\r\n" if self.encoding == "cp1252" else "\n")
        writer.writerow(sheet.columns)
        writer.writerows(sheet.rows)
        return out.getvalue().encode(self.encoding)

    def export(self, site: Site, folder: Path) -> None:
        """Write the export, faults of rows and files included."""
        sheets = self.sheets(site)
        for change in site.reshape:
            change(sheets)
        for name, sheet in sheets.items():
            for n, record in enumerate(sheet.records, 1):
                if record is not None:
                    record.places.append((name.partition("#")[0], n))
        files = self.files(sheets)
        for change in site.rewrite:
            change(files)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)


def mapped(codes: dict[Any, str]) -> Callable[[Any], str]:
    """Write a value by a code list; what is no code of it (a fault) is written as it is."""
    return lambda v: codes.get(v, v)
