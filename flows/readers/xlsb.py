"""Binary Excel workbooks (.xlsb) -> text cells, each cell as it stands.

What belongs here: the records of MS-XLSB. What does not: header and sheets (sheets.py), dates and number formats (xlsx_cells.py).

Source: Microsoft, [MS-XLSB] Excel binary file format, sections 2.1.4 (records), 2.4 (BrtRowHdr, BrtCell..., BrtSSTItem, BrtXF, BrtFmt).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree as Xml

from flows.readers.cells import Cells, ReadOptions, number_text, unreadable
from flows.readers.inflate import bounded
from flows.readers.number_formats import PLAIN, NumberFormat, built_in, of_code
from flows.readers.rich_text import Look, joined
from flows.readers.sheets import Seen, SheetRow, pick, table
from flows.readers.xlsx_cells import dated, relations

_ROW, _BLANK, _RK, _ERROR, _BOOL, _REAL, _TEXT, _SHARED = range(8)
_FORMULA_TEXT, _FORMULA_NUMBER, _FORMULA_BOOL, _FORMULA_ERROR, _RICH = 8, 9, 10, 11, 62
_NUMBERS = (_RK, _REAL, _FORMULA_NUMBER)
_SST_ITEM, _FONT, _FORMAT, _XF, _BEGIN_XFS, _END_XFS = 19, 43, 44, 47, 617, 618
_BUNDLE_SHEET, _BOOK_PROPERTIES, _MERGE_CELL, _END_SHEET_DATA = 156, 153, 176, 146
_END_SST, _END_BOOK = 160, 132
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
           0x2B: "#GETTING_DATA"}  # fmt: skip


@dataclass
class _Book:
    sheets: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    strings: list[str] = field(default_factory=list)
    formats: list[NumberFormat] = field(default_factory=list)
    struck: set[int] = field(default_factory=set)
    is_1904: bool = False


def read(path: Path, options: ReadOptions) -> Cells:
    """One sheet as text cells. Raises ReadError: no such sheet, no header, damaged workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                bounded(path, part.compress_size, part.file_size)
            book = book_of(archive)
            notes: list[str] = []
            name = pick(path, [*book.sheets], book.hidden, options.sheet, notes)
            seen = Seen()
            rows = [*_rows(archive.read(book.sheets[name]), book, seen)]
    except (zipfile.BadZipFile, zlib.error, struct.error, Xml.ParseError, EOFError, StopIteration, LookupError, ValueError, RuntimeError):
        todo = "fetch or export it again; where Excel opens it without repair, save it as .xlsx"
        raise unreadable(path, "the workbook is damaged or no binary workbook", todo) from None
    return replace(table(path, name, rows, seen, options, notes), parts=tuple(book.sheets), part=name)


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each record; both numbers are written seven bits a byte. Raises EOFError at a cut."""
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (data[at] & 0x7F) << 7
            at += 1
        size = 0
        for shift in range(0, 28, 7):
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        if at + size > len(data):
            raise EOFError
        yield kind, data[at : at + size]
        at += size


def _string(data: bytes, at: int) -> str:
    """A counted UTF-16 text."""
    (count,) = struct.unpack_from("<I", data, at)
    if count == 0xFFFFFFFF:
        return ""
    text = data[at + 4 : at + 4 + 2 * count]
    if len(text) < 2 * count:
        raise EOFError
    return text.decode("utf-16-le")


def book_of(archive: zipfile.ZipFile) -> _Book:
    """Sheets, shared strings and styles of a workbook."""
    start = next(target for kind, target in relations(archive, "").values() if kind == "officeDocument")
    related = relations(archive, start)
    book = _Book()
    ended = False
    for kind, data in _records(archive.read(start)):
        if kind == _BOOK_PROPERTIES:
            book.is_1904 = bool(data[0] & 1)
        elif kind == _BUNDLE_SHEET:
            link = _string(data, 8)
            name = _string(data, 12 + 2 * len(link.encode("utf-16-le")) // 2)
            what, part = related[link]
            if what == "worksheet":
                book.sheets[name] = part
                if struct.unpack_from("<I", data, 0)[0]:
                    book.hidden.add(name)
        ended |= kind == _END_BOOK
    if not ended:
        raise EOFError
    fonts: list[Look] = []
    for part in (part for what, part in related.values() if what == "styles"):
        styles = archive.read(part)
        fonts = _fonts(styles)
        book.formats, book.struck = _formats(styles), _struck(styles, fonts)
    for part in (part for what, part in related.values() if what == "sharedStrings"):
        book.strings = _shared(archive.read(part), fonts)
    return book


def _shared(data: bytes, fonts: list[Look]) -> list[str]:
    out: list[str] = []
    for kind, record in _records(data):
        if kind == _SST_ITEM:
            text = _string(record, 1)
            out.append(_rich(text, record, fonts) if record[0] & 1 else text)
        elif kind == _END_SST:
            return out
    raise EOFError


def _rich(text: str, record: bytes, fonts: list[Look]) -> str:
    """A text with runs: after it their count, then where each begins (in UTF-16) and its font (2.5.131 StrRun)."""
    wide = text.encode("utf-16-le")
    at = 5 + len(wide)
    (count,) = struct.unpack_from("<I", record, at)
    runs = [struct.unpack_from("<2H", record, at + 4 + 4 * n) for n in range(count)]
    starts: list[tuple[int, Look]] = [(0, ""), *((start, fonts[font] if font < len(fonts) else "") for start, font in runs)]
    ends = [start for start, _ in runs] + [len(wide) // 2]
    return joined([(wide[2 * a : 2 * b].decode("utf-16-le"), look) for (a, look), b in zip(starts, ends, strict=True)])


def _fonts(data: bytes) -> list[Look]:
    """How each font sets a text (2.4.149 BrtFont: grbit, sss)."""
    fonts: list[Look] = []
    for kind, record in _records(data):
        if kind == _FONT:
            raised = len(record) >= 8 and struct.unpack_from("<H", record, 6)[0] != 0
            fonts.append("struck" if struct.unpack_from("<H", record, 2)[0] & 0x0008 else "raised" if raised else "")
    return fonts


def _formats(data: bytes) -> list[NumberFormat]:
    """Cell style -> its number format."""
    codes: dict[int, str] = {}
    out: list[NumberFormat] = []
    inside = False
    for kind, record in _records(data):
        if kind == _FORMAT:
            codes[struct.unpack_from("<H", record, 0)[0]] = _string(record, 2)
        elif kind in (_BEGIN_XFS, _END_XFS):
            inside = kind == _BEGIN_XFS
        elif kind == _XF and inside:
            number = struct.unpack_from("<H", record, 2)[0]
            out.append(of_code(codes[number]) if number in codes else built_in(number))
    return out


def _struck(data: bytes, fonts: list[Look]) -> set[int]:
    """Cell styles whose font is struck through."""
    out: set[int] = set()
    inside, n = False, 0
    for kind, record in _records(data):
        if kind in (_BEGIN_XFS, _END_XFS):
            inside = kind == _BEGIN_XFS
        elif kind == _XF and inside:
            font = struct.unpack_from("<H", record, 4)[0] if len(record) >= 6 else len(fonts)
            if font < len(fonts) and fonts[font] == "struck":
                out.add(n)
            n += 1
    return out


def _rows(data: bytes, book: _Book, seen: Seen) -> Iterator[SheetRow]:
    number, cells, errors, ended = 0, dict[int, str](), 0, False
    for kind, record in _records(data):
        if kind == _ROW:
            if number:
                yield number, cells
            number, cells = struct.unpack_from("<I", record, 0)[0] + 1, {}
            if struct.unpack_from("<H", record, 11)[0] & 0x0010:
                seen.hide(number)
        elif kind in (*range(_BLANK, _FORMULA_ERROR + 1), _RICH) and not ended:
            place, style = struct.unpack_from("<I", record, 0)[0], struct.unpack_from("<I", record, 4)[0] & 0xFFFFFF
            errors += kind in (_ERROR, _FORMULA_ERROR)
            shown = book.formats[style] if style < len(book.formats) else PLAIN
            text = _text(kind, record, shown.kind, book)
            if text:
                cells[place] = text
                if kind in _NUMBERS:
                    seen.odd.add(number, place, shown)
                if style in book.struck:
                    seen.strike(number, place)
        elif kind == _MERGE_CELL:
            first, last, left, right = struct.unpack_from("<4I", record, 0)
            seen.merged.append((first + 1, last + 1, left, right))
        ended |= kind == _END_SHEET_DATA
    if not ended:
        raise EOFError
    if number:
        yield number, cells
    if errors:
        seen.notes.append(f"{errors} cell(s) hold an Excel error such as #N/A, read as that text")


def _text(kind: int, record: bytes, shown: str, book: _Book) -> str:
    if kind == _SHARED:
        return book.strings[struct.unpack_from("<I", record, 8)[0]]
    if kind in (_TEXT, _FORMULA_TEXT):
        return _string(record, 8)
    if kind == _RICH:
        return _string(record, 9)
    if kind in (_BOOL, _FORMULA_BOOL):
        return "true" if record[8] else "false"
    if kind in (_ERROR, _FORMULA_ERROR):
        return _ERRORS.get(record[8], "#ERROR")
    if kind == _BLANK:
        return ""
    value = _packed(struct.unpack_from("<I", record, 8)[0]) if kind == _RK else struct.unpack_from("<d", record, 8)[0]
    return dated(value, shown, book.is_1904) if shown else number_text(value)


def _packed(bits: int) -> float:
    """RkNumber: thirty bits of a whole number or of a double, both perhaps times a hundred."""
    if bits & 2:
        whole = bits >> 2
        value = float(whole - 2**30 if whole >= 2**29 else whole)
    else:
        value = struct.unpack("<d", struct.pack("<Q", (bits & 0xFFFFFFFC) << 32))[0]
    return value / 100 if bits & 1 else value
