"""Which reader reads which file: by its declared format, else the ending of its name; its content must fit.

What belongs here: the names of the formats, their endings, what first bytes say. What does not: reading (one module a format).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from flows.readers import nda, qualtrics, rave, viedoc
from flows.readers.cells import ReadOptions, unreadable

HEAD = 4096
_FAR = 2**20


@dataclass(frozen=True)
class Format:
    """What a format is called, the endings of its names, what its content is; `dialect`: only by its declared name.

    `module` reads it, where that is not the format's own name. `typed`: it stores dates as dates, so its ISO text is no guess.
    """

    called: str
    endings: tuple[str, ...]
    contents: tuple[str, ...]
    dialect: bool = False
    module: str = ""
    typed: bool = False


_TEXT_ENDINGS = (".csv", ".tsv", ".ssv", ".psv", ".txt", ".tab", ".dat")

#: Module of the reader -> its format.
FORMATS: dict[str, Format] = {
    "delimited": Format("delimited text", _TEXT_ENDINGS, ("text",)),
    "redcap": Format("a REDCap export", _TEXT_ENDINGS, ("text", "json"), dialect=True),
    "qualtrics": Format("a Qualtrics export", _TEXT_ENDINGS, ("text",), dialect=True),
    "nda": Format("a NIMH Data Archive file", _TEXT_ENDINGS, ("text",), dialect=True),
    "rave": Format("a clinical view of Medidata Rave", _TEXT_ENDINGS, ("text",), dialect=True),
    "viedoc": Format("a Viedoc export", (*_TEXT_ENDINGS, ".xlsx"), ("text", "xlsx", "damaged"), dialect=True),
    "castor": Format("a Castor EDC export", (*_TEXT_ENDINGS, ".xlsx"), ("text", "xlsx", "damaged"), dialect=True),
    "openclinica": Format("an OpenClinica data set", _TEXT_ENDINGS, ("text",), dialect=True),
    "xlsx": Format("an Excel workbook", (".xlsx", ".xlsm"), ("xlsx", "damaged"), typed=True),
    "xls": Format("an old Excel workbook", (".xls",), ("ole", "biff"), typed=True),
    "xlsb": Format("a binary Excel workbook", (".xlsb",), ("xlsb", "damaged"), typed=True),
    "ods": Format("an OpenDocument spreadsheet", (".ods",), ("ods", "damaged"), typed=True),
    "xpt": Format("a SAS transport file", (".xpt", ".xport", ".v5xpt", ".v8xpt"), ("xpt",), typed=True),
    "sas7bdat": Format("a SAS data set", (".sas7bdat",), ("sas",), typed=True),
    "sav": Format("an SPSS file", (".sav", ".zsav"), ("sav",), typed=True),
    "dta": Format("a Stata file", (".dta",), ("dta",), typed=True),
    "odm": Format("a CDISC ODM-XML document", (".xml", ".odm"), ("xml",)),
    "json": Format("JSON", (".json", ".ndjson", ".jsonl"), ("json",), module="json_records"),
    "dataset_json": Format("CDISC Dataset-JSON", (".dsjc",), ("json", "gzip", "zlib"), typed=True),
    "zip": Format("a zip archive", (".zip",), ("zip", "emptyzip", "damaged"), module="archive"),
    "gzip": Format("a gzip archive", (".gz",), ("gzip",), module="archive"),
    "parquet": Format("a Parquet file", (".parquet", ".pq"), ("parquet",), typed=True),
    "arrow": Format("an Arrow or Feather file", (".arrow", ".feather", ".arrows"), ("arrow",), typed=True),
}

#: Dialects that a text's first rows tell.
_TOLD = (("qualtrics", qualtrics.is_one), ("nda", nda.is_one), ("rave", rave.is_one), ("viedoc", viedoc.is_one))

#: Archives: a declared format is that of the file within.
PACKED = ("zip", "gzip")

#: Content -> how it is told to a person.
CALLED = {
    "text": "text",
    "xlsx": "an Excel workbook",
    "xlsb": "a binary Excel workbook (.xlsb)",
    "ods": "an OpenDocument spreadsheet",
    "zip": "a zip archive",
    "damaged": "a damaged zip archive or workbook",
    "emptyzip": "an empty zip archive",
    "gzip": "a gzip archive",
    "ole": "an old (.xls) Excel workbook",
    "biff": "an old (.xls) Excel workbook",
    "locked": "a password-protected Excel workbook",
    "xpt": "a SAS transport file",
    "sas": "a SAS data set",
    "sav": "an SPSS file",
    "dta": "a Stata file",
    "parquet": "a Parquet file",
    "arrow": "an Arrow or Feather file",
    "xml": "an XML document",
    "html": "a web page (HTML)",
    "json": "JSON",
    "zlib": "compressed JSON",
    "pdf": "a PDF document",
    "rtf": "a text document (RTF)",
}

_SAS_MAGIC = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x05\x06", "emptyzip"),
    (b"HEADER RECORD*******", "xpt"),
    (_SAS_MAGIC, "sas"),
    (b"$FL2", "sav"),
    (b"$FL3", "sav"),
    (b"<stata_dta>", "dta"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"%PDF", "pdf"),
    (b"\x1f\x8b", "gzip"),
    (b"{\\rtf", "rtf"),
    (b"\x09\x08\x10\x00\x00\x06", "biff"),
    (b"\x09\x08\x08\x00\x00\x05", "biff"),
)
#: Versions of Stata files without tags: release, byte order, file type 1, padding.
_OLD_STATA = (104, 105, 108, 110, 111, 112, 113, 114, 115)


def find(path: Path, options: ReadOptions) -> str:
    """Name of the format, checked against the first bytes of the file.

    Raises ReadError: an unknown ending, content that is another format, an empty file. OSError: the file cannot be opened.
    """
    by_name = next((n for n, f in FORMATS.items() if not f.dialect and path.name.lower().endswith(f.endings)), None)
    name = by_name if by_name in PACKED else options.format or by_name
    if name is None:
        endings = " ".join(e for f in FORMATS.values() if not f.dialect for e in f.endings)
        what = f"files ending in {path.suffix!r} cannot be read" if path.suffix else "its name has no ending that says what it is"
        raise unreadable(path, what, f"export it as one of: {endings}" + ("" if path.suffix else "; or set `format`"))
    if name not in FORMATS:
        raise unreadable(path, f"there is no format {name!r}", f"set `format` to one of: {', '.join(FORMATS)}")
    with path.open("rb") as file:
        start = file.read(HEAD)
    if not start.strip() and name == "json" and path.name.lower().endswith((".ndjson", ".jsonl")):
        return name  # a record a line: no line is no record
    if not start:
        raise unreadable(path, "the file is empty (0 bytes)", "export it again; a table without rows still has its header")
    found = content(start, path)
    wanted = FORMATS[name]
    if found in wanted.contents:
        return _dialect(path) if name == "delimited" and options.format is None and options.header_row == 1 else name
    who = "`format` says" if options.format and name not in PACKED else "the name says"
    if found is None or (found == "text" and "text" not in wanted.contents):
        raise unreadable(path, f"{who} {wanted.called}, but the content is none", "export it again, or correct the name's ending")
    todo = "export it again, or correct the name"
    if found == "locked":
        todo = "save it without a password as .xlsx"
    elif found == "html":
        todo = "look whether it is a login page or a table saved as a web page; export it again"
    raise unreadable(path, f"{who} {wanted.called}, but the content is {CALLED[found]}", todo)


def _dialect(path: Path) -> str:
    """Text whose own rows say that it is more than plain: Qualtrics, the NIMH Data Archive, Rave, Viedoc."""
    with path.open("rb") as file:
        start = file.read(_FAR)
    return next((name for name, is_one in _TOLD if is_one(start)), "delimited")


def content(start: bytes, path: Path | None = None) -> str | None:
    """What the first bytes (of a zip or OLE file: the file) are; None: nothing that is known. Text is what looks like nothing else."""
    if start.startswith(b"PK\x03\x04"):
        return _zip_content(path)
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_content(path)
    found = next((what for magic, what in _MAGIC if start.startswith(magic)), None)
    if found is not None:
        return found
    if len(start) > 4 and start[0] in _OLD_STATA and start[1] in (1, 2) and start[2] == 1 and start[3] == 0:
        return "dta"
    if start[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda") and _is_packed(start):
        return "zlib"
    return _text_content(start)


def _is_packed(start: bytes) -> bool:
    """Two letters of a header may be the same bytes as zlib's first two; what follows tells."""
    try:
        return bool(zlib.decompressobj().decompress(start, 64))
    except zlib.error:
        return False


def _text_content(start: bytes) -> str | None:
    plain = start.removeprefix(b"\xef\xbb\xbf")
    wide = plain[:2] in (b"\xff\xfe", b"\xfe\xff")
    plain = (plain[2:].replace(b"\0", b"") if wide else plain).lstrip()[:256]
    lower = plain.lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body")):
        return "html"
    if lower.startswith((b"<?xml", b"<odm", b"<!doctype", b"<!--")):
        return "html" if b"<html" in lower else "xml"
    rest = plain[1:].lstrip()
    if (plain[:1] == b"{" and rest[:1] in (b'"', b"}", b"")) or (plain[:1] == b"[" and rest[:1] in (b"{", b"[", b"]", b"")):
        return "json"
    return "text"


def _zip_content(path: Path | None) -> str:
    try:
        with zipfile.ZipFile(path or io.BytesIO(b"")) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        return "damaged"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "[Content_Types].xml" in names and any(n.startswith("xl/") for n in names):
        return "xlsx"
    return "ods" if {"mimetype", "content.xml"} <= names else "zip"


def _ole_content(path: Path | None) -> str:
    """An encrypted workbook holds a stream EncryptedPackage; its name stands in the directory as UTF-16."""
    if path is None:
        return "ole"
    with path.open("rb") as file:
        data = file.read(2**20)
        file.seek(0, io.SEEK_END)
        file.seek(max(file.tell() - 2**20, 0))
        data += file.read()
    return "locked" if "EncryptedPackage".encode("utf-16-le") in data else "ole"
