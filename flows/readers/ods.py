"""OpenDocument spreadsheets (.ods) -> text cells, each cell as it stands.

What belongs here: content.xml: sheets, repeated rows and cells, values by their type. What does not: header and sheets (sheets.py).

Source: OASIS OpenDocument 1.3 part 3, sections 9.1 (tables) and 19.385 to 19.389 (office:value-type and its values).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.readers.as_shown import NO_VALUE
from flows.readers.cells import Cells, ReadOptions, unreadable
from flows.readers.inflate import bounded
from flows.readers.moments import clock
from flows.readers.number_formats import PLAIN, NumberFormat
from flows.readers.rich_text import Look, Run, joined
from flows.readers.sheets import Seen, SheetRow, pick, table
from flows.readers.xlsx_cells import number
from flows.readers.xml_stream import Tag, parse

_WIDEST, _LONGEST = 16_384, 2**20
_DURATION = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_FRACTION = re.compile(r"[.,](\d+)$")
_FORMATS = ("date-style", "number-style", "currency-style")
_CELLS = ("table-cell", "covered-table-cell")


@dataclass
class _Sheet:
    rows: list[SheetRow] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    style: str = ""
    next_row: int = 1
    errors: int = 0
    without_value: int = 0


@dataclass
class _Format:
    """One number format: the kind of its element, the elements in it, the text it shows beside the number."""

    kind: str
    parts: list[str] = field(default_factory=list)
    words: str = ""

    def plain(self) -> NumberFormat:
        """The same as Excel's formats are told."""
        if self.kind != "date-style":
            return NumberFormat(words=self.words.strip() if any(c.isalpha() for c in self.words) else "")
        if "hours" in self.parts or {"day", "year"} <= set(self.parts):
            return NumberFormat("date")
        return NumberFormat("date", "yearless" if "year" not in self.parts else "month" if "month" in self.parts else "year")


@dataclass
class _Content:
    """Every sheet of the document."""

    path: Path
    sheets: dict[str, _Sheet] = field(default_factory=dict)
    hidden_styles: set[str] = field(default_factory=set)
    style: str = ""
    sheet: _Sheet | None = None
    row: dict[int, str] = field(default_factory=dict)
    row_times: int = 1
    row_hidden: bool = False
    place: int = 0
    cell: dict[str, str] | None = None
    paragraphs: list[list[Run]] = field(default_factory=list)
    aside: int = 0
    depth: int = 0
    struck_styles: set[str] = field(default_factory=set)
    raised_styles: set[str] = field(default_factory=set)
    looks: list[Look] = field(default_factory=list)
    format: _Format | None = None
    formats: dict[str, _Format] = field(default_factory=dict)
    format_of: dict[str, str] = field(default_factory=dict)
    remark: list[str] = field(default_factory=list)
    in_remark: bool = False

    def start(self, tag: Tag, attributes: dict[str, str], line: int) -> None:
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("calcext:")}
        kind = tag.local
        if kind == "style":
            self.style = plain.get("name", "")
            self.format_of[self.style] = plain.get("data-style-name", "")
        elif kind in _FORMATS:
            self.format = self.formats.setdefault(plain.get("name", ""), _Format(kind))
        elif self.format is not None:
            self.format.parts.append(kind)
        elif kind == "table-properties" and plain.get("display") == "false":
            self.hidden_styles.add(self.style)
        elif kind == "text-properties" and plain.get("text-line-through-style", "none") != "none":
            self.struck_styles.add(self.style)
        elif kind == "text-properties" and plain.get("text-position", "0%").split()[0] not in ("0%", "0"):
            self.raised_styles.add(self.style)
        elif kind == "table" and self.depth == 0:
            self.depth, self.sheet = 1, self.sheets.setdefault(plain.get("name", ""), _Sheet(style=plain.get("style-name", "")))
        elif kind == "table":
            self.depth += 1
        elif self.depth != 1 or self.sheet is None:
            return
        elif kind == "table-row":
            self.row, self.place = {}, 0
            self.row_times = self._times(plain, "number-rows-repeated", _LONGEST)
            self.row_hidden = plain.get("visibility", "visible") != "visible"
        elif kind in _CELLS:
            self.looks = []
            self.cell, self.paragraphs = plain | {"calc": attributes.get("calcext:value-type", "")}, []
        elif kind == "annotation":
            self.aside += 1
            self.remark = []
        elif self.aside:
            self.in_remark |= kind == "p"  # not the writer and the day
        elif self.cell is not None:
            self._inline(kind, plain)

    def _inline(self, kind: str, plain: dict[str, str]) -> None:
        if kind == "p":
            self.paragraphs.append([])
        elif kind == "span":
            style = plain.get("style-name", "")
            self.looks.append("struck" if style in self.struck_styles else "raised" if style in self.raised_styles else "")
        elif self.paragraphs:
            more = {"s": " " * self._times(plain, "c", 10_000), "tab": "\t", "line-break": "\n"}.get(kind)
            self.paragraphs[-1].append((more or "", self._look()))

    def _look(self) -> Look:
        return next((look for look in reversed(self.looks) if look), "")

    def text(self, data: str) -> None:
        """Text within a cell's paragraphs; text of annotations is none of the cell's."""
        if self.aside:
            self.remark += [data] if self.in_remark else []
        elif self.cell is not None and self.paragraphs:
            self.paragraphs[-1].append((data, self._look()))
        elif self.format is not None:
            self.format.words += data

    def end(self, tag: Tag, text: str) -> None:
        kind = tag.local
        if kind in _FORMATS:
            self.format = None
        elif kind == "span" and self.looks and not self.aside:
            self.looks.pop()
        elif kind == "table":
            self.depth -= 1
        elif kind == "annotation":
            self.aside, self.in_remark = self.aside - 1, False
            if self.sheet is not None and self.depth == 1:
                self.sheet.seen.comments.append((self.sheet.next_row, self.place, " ".join(" ".join(self.remark).split())))
        elif kind in _CELLS and self.cell is not None and self.sheet is not None:
            self._cell(self.sheet, self.cell)
            self.cell = None
        elif kind == "table-row" and self.depth == 1 and self.sheet is not None:
            self._row(self.sheet)

    def _times(self, plain: dict[str, str], name: str, most: int) -> int:
        times = int(plain.get(name, "1"))
        if not 1 <= times <= most:
            raise unreadable(self.path, "a row or cell is repeated more often than a sheet is long", "save it again")
        return times

    def _cell(self, sheet: _Sheet, cell: dict[str, str]) -> None:
        times = self._times(cell, "number-columns-repeated", _WIDEST)
        value = self._value(sheet, cell)
        if value:
            if self.place + times > _WIDEST:
                raise unreadable(self.path, f"a row is wider than {_WIDEST} columns", "save it again")
            self.row |= dict.fromkeys(range(self.place, self.place + times), value)
            shown = self._shown(cell)
            for row in range(sheet.next_row, sheet.next_row + self.row_times if shown.part or shown.words else sheet.next_row + 1):
                for place in range(self.place, self.place + times):
                    sheet.seen.odd.add(row, place, shown)
            if cell.get("style-name") in self.struck_styles:
                for place in range(self.place, self.place + times):
                    sheet.seen.strike(sheet.next_row, place)
        wide, high = int(cell.get("number-columns-spanned", "1")), int(cell.get("number-rows-spanned", "1"))
        if wide > 1 or high > 1:
            first = sheet.next_row
            sheet.seen.merged.append((first, first + high - 1, self.place, min(self.place + wide, _WIDEST) - 1))
        self.place += times

    def _value(self, sheet: _Sheet, cell: dict[str, str]) -> str:
        ended: Run = ("\n", "")
        shown = joined([run for n, parts in enumerate(self.paragraphs) for run in ([ended, *parts] if n else parts)])
        kind = cell.get("value-type", "")
        if cell["calc"] == "error":
            sheet.errors += 1
            return shown
        if "formula" in cell and not kind:
            sheet.without_value += 1
            return shown or NO_VALUE
        if kind in ("float", "percentage", "currency"):
            return number(cell.get("value", ""))
        if kind == "boolean":
            return cell.get("boolean-value", "")
        if kind == "date":
            return _short(cell.get("date-value", ""))
        if kind == "time":
            return _time(cell.get("time-value", ""))
        return cell.get("string-value", "") or shown

    def _shown(self, cell: dict[str, str]) -> NumberFormat:
        """What the number format of a cell says of its number or date."""
        kind = cell.get("value-type", "")
        if kind == "percentage":
            return NumberFormat(words="%")
        known = self.formats.get(self.format_of.get(cell.get("style-name", ""), ""))
        if kind == "date":
            return known.plain() if known is not None and known.kind == "date-style" else NumberFormat("date")
        return known.plain() if kind == "float" and known is not None and known.kind == "number-style" else PLAIN

    def _row(self, sheet: _Sheet) -> None:
        if self.row:
            if len(sheet.rows) + self.row_times > _LONGEST:
                raise unreadable(self.path, f"a sheet is longer than {_LONGEST} rows", "save it again")
            sheet.rows += [(sheet.next_row + n, dict(self.row)) for n in range(self.row_times)]
            if self.row_hidden:
                sheet.seen.hide(sheet.next_row, self.row_times)
        sheet.next_row += self.row_times


def _short(text: str) -> str:
    """A date or date and time, its fraction to thousandths and only where there is one."""
    found = _FRACTION.search(text)
    if found is None:
        return text
    fraction = found[1][:3].ljust(3, "0")
    return text[: found.start()] + (f".{fraction}" if fraction.strip("0") else "")


def _time(text: str) -> str:
    found = _DURATION.fullmatch(text)
    if found is None:
        return text
    hours, minutes, seconds = (int(found[n] or 0) for n in (2, 3, 4))
    thousandths = int((found[5] or "")[:3].ljust(3, "0"))
    return found[1] + clock(((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths)


def sheet_names(path: Path) -> list[str]:
    """Names of its sheets, in order. Raises ReadError as read() does."""
    return [*_content(path).sheets]


def _content(path: Path) -> _Content:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in archive.namelist() else b""
            if b"encryption-data" in manifest:
                raise unreadable(path, "the spreadsheet is protected by a password", "save it without one")
            part = archive.getinfo("content.xml")
            bounded(path, part.compress_size, part.file_size)
            content = _Content(path)
            with archive.open(part) as file:
                parse(path, file, content, on_text=content.text)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError):
        todo = "fetch or export it again; where it opens without repair, save it again"
        raise unreadable(path, "the spreadsheet is damaged or cut", todo) from None
    return content


def read(path: Path, options: ReadOptions) -> Cells:
    """One sheet as text cells. Raises ReadError: no such sheet, no header, damaged or protected by a password."""
    content = _content(path)
    notes: list[str] = []
    hidden = {name for name, sheet in content.sheets.items() if sheet.style in content.hidden_styles}
    name = pick(path, [*content.sheets], hidden, options.sheet, notes)
    sheet = content.sheets[name]
    if sheet.errors:
        sheet.seen.notes.append(f"{sheet.errors} cell(s) hold an error such as #N/A, read as that text")
    if sheet.without_value:
        sheet.seen.notes.append(f"{sheet.without_value} formula cell(s) hold no computed value and are read as {NO_VALUE!r}")
    return replace(table(path, name, sheet.rows, sheet.seen, options, notes), parts=tuple(content.sheets), part=name)
