"""Which sheets a file has: sheets of a workbook, forms and item groups of ODM, lists of records of JSON.

What belongs here: names, for someone who has yet to write `sheet`. What does not: reading one (the readers), files in an archive
(archive.py).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree as Xml

from flows.readers.cells import ReadOptions, unreadable
from flows.readers.formats import find

_DAMAGED = (zipfile.BadZipFile, zlib.error, Xml.ParseError, struct.error, EOFError, StopIteration, LookupError, ValueError, RuntimeError)


def sheets(path: Path, options: ReadOptions | None = None) -> list[str]:
    """Names that `sheet` may take, in the file's order; empty where a file is one table. Raises ReadError: damaged, unknown."""
    name = find(path, options or ReadOptions())
    lister = {"xlsx": _xlsx, "xlsb": _xlsb, "xls": _xls, "ods": _ods, "odm": _odm, "json": _json}.get(name)
    if lister is None:
        return []
    try:
        return lister(path)
    except _DAMAGED:
        raise unreadable(path, "its sheets cannot be listed: it is damaged", "fetch or export it again") from None


def _xlsx(path: Path) -> list[str]:
    from flows.readers.xlsx_cells import read_book

    with zipfile.ZipFile(path) as archive:
        return [*read_book(archive).sheets]


def _xlsb(path: Path) -> list[str]:
    from flows.readers.xlsb import book_of

    with zipfile.ZipFile(path) as archive:
        return [*book_of(archive).sheets]


def _xls(path: Path) -> list[str]:
    import io

    import xlrd

    try:
        return list(xlrd.open_workbook(file_contents=path.read_bytes(), on_demand=True, logfile=io.StringIO()).sheet_names())
    except xlrd.XLRDError:
        raise ValueError("no workbook") from None


def _ods(path: Path) -> list[str]:
    from flows.readers.ods import sheet_names

    return sheet_names(path)


def _odm(path: Path) -> list[str]:
    from flows.readers.odm import groups

    return groups(path)


def _json(path: Path) -> list[str]:
    from flows.readers.json_records import record_lists

    return record_lists(path)
