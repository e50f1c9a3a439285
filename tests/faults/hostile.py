"""Hostile and broken exports, made by hand: each a file that replaces one of a site's.

What belongs here: the bytes. What does not: running a night on them (test_inputs.py).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

HEADER = "id,no,taken,mg,at\n"
ROWS = "S1,1,yes,50,2024-03-05 13:00\nS1,2,yes,50,2024-03-12 12:59:59\nS2,1,yes,50,2024-03-05 09:30\n"


#: The last cell a sheet can have, and column names no database should meet.
LAST = b'<row r="1048576"><c r="XFD1048576" s="0"/></row>'
NASTY = ',"a""; drop table raw.x; --",\'; select 1,"$1 {x} %s"\n'


def packed(parts: dict[str, bytes]) -> bytes:
    """A zip archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


_TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"""
_RELS = b"""<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"/></Relationships>"""
_BOOK = b"""<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"""
_BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">%s]>""" % b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)
_OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>"""


def sheet(rows: bytes, start: bytes = b'<?xml version="1.0"?>', extent: bytes = b"A1:E4") -> bytes:
    """A sheet of a workbook."""
    opened = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="%s"/>' % extent
    return start + opened + b"<sheetData>" + rows + b"</sheetData></worksheet>"


def _row(number: int, cells: list[str]) -> bytes:
    inside = "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in cells)
    return f'<row r="{number}">{inside}</row>'.encode()


def book_rows(text: str, after: bytes = b"") -> bytes:
    """The rows of a small table as a sheet has them."""
    return b"".join(_row(n, line.split(",")) for n, line in enumerate(text.strip().split("\n"), start=1)) + after


def workbook(content: bytes) -> bytes:
    """A workbook of one sheet."""
    return packed({
        "[Content_Types].xml": _TYPES, "_rels/.rels": _RELS % (b"officeDocument", b"xl/workbook.xml"), "xl/workbook.xml": _BOOK,
        "xl/_rels/workbook.xml.rels": _RELS % (b"worksheet", b"worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml": content,
    })  # fmt: skip


def _ole() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 2000


def _good_book() -> bytes:
    return workbook(sheet(book_rows(HEADER + ROWS)))


#: Name -> (file name, bytes): the site cannot be read and is held or carried; the other site goes on.
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "0 bytes": ("doses.csv", lambda: b""),
    "0 byte workbook": ("doses.xlsx", lambda: b""),
    "workbook cut": ("doses.xlsx", lambda: _good_book()[: len(_good_book()) // 2]),
    "workbook called csv": ("doses.csv", _good_book),
    "csv called workbook": ("doses.xlsx", lambda: (HEADER + ROWS).encode()),
    "web page called csv": ("doses.csv", lambda: b"<!DOCTYPE html><html><body>Please log in</body></html>"),
    "encrypted workbook": ("doses.xlsx", _ole),
    "workbook that is a zip bomb": ("doses.xlsx", lambda: workbook(sheet(b" " * 300 * 2**20))),
    "zip bomb": ("doses.zip", lambda: packed({"doses.csv": HEADER.encode() + b"\n" * 300 * 2**20})),
    "zip in zip": ("doses.zip", lambda: packed({"doses.zip": packed({"doses.csv": (HEADER + ROWS).encode()})})),
    "archive member that leads out": ("doses.zip", lambda: packed({"../doses.csv": (HEADER + ROWS).encode()})),
    "archive member with an absolute path": ("doses.zip", lambda: packed({"/etc/doses.csv": (HEADER + ROWS).encode()})),
    "workbook with an entity bomb": ("doses.xlsx", lambda: workbook(sheet(book_rows(HEADER + "&i;,1,yes,50,x"), _BOMB))),
    "workbook with an outside entity": ("doses.xlsx", lambda: workbook(sheet(book_rows(HEADER + "&j;,1,yes,50,x"), _OUTSIDE))),
    "xml with an entity bomb": ("doses.xml", lambda: _BOMB + b"<ODM>&i;</ODM>"),
    "xml with an outside entity": ("doses.xml", lambda: _OUTSIDE + b"<ODM>&j;</ODM>"),
    "deep json": ("doses.json", lambda: b'{"a":' * 200_000 + b"1" + b"}" * 200_000),
    "a column the mapping needs is gone": ("doses.csv", lambda: b"id,no,taken\nS1,1,yes\n"),
    "parquet cut": ("doses.parquet", lambda: b"PAR1" + b"\0" * 200),
    "random bytes called sas7bdat": ("doses.sas7bdat", lambda: bytes(range(256)) * 20),
}

#: Name -> (file name, bytes): the good rows are published, what is wrong is found.
TAKEN: dict[str, tuple[str, Callable[[], bytes]]] = {
    "workbook whose extent is 1,048,576 rows": (
        "doses.xlsx", lambda: workbook(sheet(book_rows(HEADER + ROWS, LAST), extent=b"A1:XFD1048576")),
    ),
    "NUL bytes in a row": ("doses.csv", lambda: (HEADER + ROWS).encode() + b"S2,2,yes,5\0\0,2024-03-12 09:30\n"),
    "a cell of 10 MB": ("doses.csv", lambda: (HEADER + ROWS + f"S2,2,yes,{'9' * 10_000_000},2024-03-12 09:30\n").encode()),
    "a quoted cell of 10 MB with line ends": ("doses.csv", lambda: (HEADER + ROWS).encode() + b'S2,2,yes,"' + b"x\n" * 5_000_000 + b'",\n'),
    "column names with quotes and SQL": (
        "doses.csv", lambda: (HEADER.strip() + NASTY + ROWS.replace("\n", ",1,2,3\n")).encode(),
    ),
    "5,000 columns": (
        "doses.csv", lambda: "".join(
            f"{line},{','.join(f'c{n}' if line in HEADER else '' for n in range(5_000))}\n" for line in (HEADER + ROWS).splitlines()
        ).encode(),
    ),
    "SQL in values": ("doses.csv", lambda: (HEADER + ROWS + "\"S1'; drop table x; --\",1,yes,50,2024-03-05 13:00\n").encode()),
    "a lone quote": ("doses.csv", lambda: (HEADER + ROWS + 'S2,2,"yes,50,2024-03-12 09:30\nS1,1,no,,\n').encode()),
    "bytes that are no UTF-8": ("doses.csv", lambda: (HEADER + ROWS).encode() + b"S2,2,yes\xff\xfe,50,2024-03-12 09:30\n"),
    "numbers beyond all bounds": (
        "doses.csv", lambda: (HEADER + ROWS + "S2,2,yes,1e400,2024-03-12 09:30\nS2,2,yes,NaN,9999-99-99\n").encode(),
    ),
}  # fmt: skip
