"""The cells of an Excel workbook as text: dates by number format, numbers at their shortest, errors as Excel shows them.

What belongs here: shared strings, the 1900 and 1904 calendars, one cell's text.
What does not: rows, header and sheets (xlsx.py), what a number format says (number_formats.py).
"""

from __future__ import annotations

import datetime as dt
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as Xml

from flows.readers.as_shown import NO_VALUE
from flows.readers.cells import number_text
from flows.readers.moments import clock
from flows.readers.number_formats import PLAIN, NumberFormat, built_in, of_code
from flows.readers.rich_text import Look, Run, joined

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WHOLE = re.compile(r"-?\d{1,40}")
_SECONDS = 86_400


@dataclass
class Book:
    """What the sheets of one workbook share. `sheets`: name -> part of the archive, in the workbook's order."""

    sheets: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    strings: list[str] = field(default_factory=list)
    formats: list[NumberFormat] = field(default_factory=list)
    is_1904: bool = False
    #: Cell styles whose font, and shared strings whose every run, is struck through; numbers as the cells write them.
    struck_styles: set[str] = field(default_factory=set)
    struck_strings: set[str] = field(default_factory=set)


def read_book(archive: zipfile.ZipFile) -> Book:
    """Sheets, shared strings, styles and calendar of a workbook."""
    start = next(target for kind, target in relations(archive, "").values() if kind == "officeDocument")
    root = _parse(archive, start)
    related = relations(archive, start)
    book = Book()
    for element in root.iter():
        tag = _tag(element)
        if tag == "workbookPr":
            book.is_1904 = element.get("date1904") in ("1", "true")
        elif tag == "sheet":
            link = next(value for key, value in element.items() if key.endswith("}id"))
            kind, part = related[link]
            if kind == "worksheet":
                book.sheets[element.get("name", "")] = part
                if element.get("state", "visible") != "visible":
                    book.hidden.add(element.get("name", ""))
    for kind, part in related.values():
        if kind == "sharedStrings":
            book.strings = list(_shared_strings(archive, part, book.struck_strings))
        elif kind == "styles":
            styles = _parse(archive, part)
            book.formats, book.struck_styles = _formats(styles), _struck(styles)
    return book


def _tag(element: Xml.Element) -> str:
    return element.tag.rpartition("}")[2]


def _parse(archive: zipfile.ZipFile, part: str) -> Xml.Element:
    return Xml.fromstring(archive.read(part))


def relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Id -> (last word of the type, part in the archive) of what a part refers to."""
    folder, name = posixpath.split(part)
    out = {}
    for element in _parse(archive, posixpath.join(folder, "_rels", f"{name}.rels")):
        target = element.get("Target", "")
        kind = element.get("Type", "").rpartition("/")[2]
        if element.get("TargetMode") != "External":
            path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            out[element.get("Id", "")] = (kind, path)
    return out


def _shared_strings(archive: zipfile.ZipFile, part: str, struck: set[str]) -> Iterator[str]:
    number = 0
    with archive.open(part) as file:
        for _, element in Xml.iterparse(file):
            if _tag(element) == "si":
                if _is_struck(element):
                    struck.add(str(number))
                yield _string(element)
                element.clear()
                number += 1


def _is_struck(element: Xml.Element) -> bool:
    """Whether every run of a rich string is struck through."""
    runs = [child for child in element if _tag(child) == "r"]
    return bool(runs) and all(any(_strikes(p) for part in run if _tag(part) == "rPr" for p in part) for run in runs)


def _look(run: Xml.Element) -> Look:
    """How one run of a rich string is set."""
    properties = [part for inner in run if _tag(inner) == "rPr" for part in inner]
    if any(_strikes(part) for part in properties):
        return "struck"
    return "raised" if any(_tag(p) == "vertAlign" and p.get("val", "baseline") != "baseline" for p in properties) else ""


def _strikes(element: Xml.Element) -> bool:
    return _tag(element) == "strike" and element.get("val", "1") not in ("0", "false")


def comments(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[str, str]]:
    """Cell and text of each comment on a sheet (Excel calls the old ones notes); the text of a thread of comments is the first one's."""
    folder, name = posixpath.split(sheet)
    if posixpath.join(folder, "_rels", f"{name}.rels") not in archive.namelist():
        return
    for kind, part in relations(archive, sheet).values():
        if kind == "comments" and part in archive.namelist():
            for element in _parse(archive, part).iter():
                if _tag(element) == "comment":
                    yield element.get("ref", "A1"), "".join(_string(t) for t in element if _tag(t) == "text").strip()


def _string(element: Xml.Element) -> str:
    """Text of plain and rich strings; phonetic readings (rPh) are left out."""
    parts: list[Run] = []
    for child in element:
        tag = _tag(child)
        if tag == "t":
            parts.append((child.text or "", ""))
        elif tag == "r":
            parts.append(("".join(t.text or "" for t in child if _tag(t) == "t"), _look(child)))
    text = joined(parts)
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def _formats(styles: Xml.Element) -> list[NumberFormat]:
    """Cell style -> its number format."""
    codes: dict[int, str] = {}
    out: list[NumberFormat] = []
    for element in styles:
        if _tag(element) == "numFmts":
            codes = {int(f.get("numFmtId", "0")): f.get("formatCode", "") for f in element}
        elif _tag(element) == "cellXfs":
            for style in element:
                number = int(style.get("numFmtId", "0"))
                out.append(of_code(codes[number]) if number in codes else built_in(number))
    return out


def _struck(styles: Xml.Element) -> set[str]:
    """Cell styles whose font is struck through."""
    fonts: list[bool] = []
    out: set[str] = set()
    for element in styles:
        if _tag(element) == "fonts":
            fonts = [any(_strikes(part) for part in font) for font in element]
        elif _tag(element) == "cellXfs":
            for n, style in enumerate(element):
                font = int(style.get("fontId", "0"))
                if font < len(fonts) and fonts[font]:
                    out.add(str(n))
    return out


@dataclass
class CellReader:
    """Text of one cell after the other; counts what cannot be seen in the text."""

    book: Book
    without_value: int = 0
    errors: int = 0
    #: The number format of the last cell, where it holds a number.
    format: NumberFormat = PLAIN

    def text(self, cell: Xml.Element) -> str:
        """The cell as text, '' when blank."""
        kind = cell.get("t", "n")
        value: str | None = None
        formula, self.format = False, PLAIN
        for child in cell:
            tag = _tag(child)
            if tag == "v":
                value = child.text
            elif tag == "is":
                return _string(child)
            formula |= tag == "f"
        if value is None:
            self.without_value += formula and kind != "str"
            return NO_VALUE if formula and kind != "str" else ""
        if kind == "s":
            return self.book.strings[int(value)]
        if kind == "n":
            style = int(cell.get("s", "0"))
            self.format = self.book.formats[style] if style < len(self.book.formats) else PLAIN
            return dated(float(value), self.format.kind, self.book.is_1904) if self.format.kind else number(value)
        if kind == "b":
            return "true" if value.strip() in ("1", "true") else "false"
        self.errors += kind == "e"
        return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), value) if kind == "str" and "_x" in value else value

    def notes(self) -> list[str]:
        """What to tell about the cells read so far."""
        out = []
        if self.without_value:
            out.append(f"{self.without_value} formula cell(s) hold no computed value and are read as {NO_VALUE!r}")
        if self.errors:
            out.append(f"{self.errors} cell(s) hold an Excel error such as #N/A, read as that text")
        return out


def number(value: str) -> str:
    """A stored number at its shortest; whole numbers keep all their digits."""
    value = value.strip()
    return str(int(value)) if _WHOLE.fullmatch(value) else number_text(float(value))


def dated(serial: float, kind: str, is_1904: bool) -> str:
    """A serial day number as ISO text; a number no calendar has (below 0, above 9999) stays a number.

    Excel's 1900 calendar has a 29 February 1900 (serial 60), which is given as it stands; before it, days count from 1899-12-31.
    """
    milliseconds = round(serial * _SECONDS * 1000)
    days, rest = divmod(milliseconds, _SECONDS * 1000)
    if kind == "duration":
        return clock(milliseconds)
    if milliseconds < 0 or days > (2_957_003 if is_1904 else 2_958_465):
        return number_text(serial)
    if days == 0 and (kind == "time" or (kind == "datetime" and not is_1904)):
        return clock(rest)
    if days == 60 and not is_1904:
        day = "1900-02-29"
    else:
        first = dt.date(1904, 1, 1) if is_1904 else dt.date(1899, 12, 31) if days < 60 else dt.date(1899, 12, 30)
        day = (first + dt.timedelta(days=days)).isoformat()
    return day if kind == "date" and not rest else f"{day}T{clock(rest)}"
