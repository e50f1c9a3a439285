"""One file = one format: read(path, options) gives text cells, whatever the format.

What belongs here: which reader reads which file, by its name and its first bytes. What does not: reading itself.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from flows.readers.cells import ROW, Cells, Ragged, ReadOptions, unreadable

__all__ = ["ROW", "Cells", "Ragged", "ReadOptions", "read"]

Reader = Callable[[Path, ReadOptions], Cells]

#: Module of the reader -> what it is called, and the endings of its file names.
FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    "delimited": ("delimited text", (".csv", ".tsv", ".ssv", ".psv", ".txt", ".tab", ".dat")),
    "xlsx": ("an Excel workbook", (".xlsx", ".xlsm")),
    "xpt": ("a SAS transport file", (".xpt", ".xport", ".v5xpt", ".v8xpt")),
    "parquet": ("a Parquet file", (".parquet", ".pq")),
}

#: First bytes -> what the file really is, and the reader for it, if there is one.
MAGIC: tuple[tuple[bytes, str, str | None], ...] = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "xlsx"),
    (b"PK\x05\x06", "an empty zip archive", None),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a password-protected or an old (.xls) Excel workbook", None),
    (b"HEADER RECORD*******", "a SAS transport file", "xpt"),
    (b"PAR1", "a Parquet file", "parquet"),
    (b"%PDF", "a PDF document", None),
    (b"\x1f\x8b", "a gzip archive", None),
    (b"$FL2", "an SPSS file", None),
    (b"{\\rtf", "a text document (RTF)", None),
)


def read(path: Path, options: ReadOptions | None = None) -> Cells:
    """Read one file into text cells.

    Raises ReadError when the name's ending is unknown, the content is another format, or the file is not readable as told.
    """
    name = next((n for n, (_, endings) in FORMATS.items() if path.suffix.lower() in endings), None)
    if name is None:
        endings = " ".join(e for _, several in FORMATS.values() for e in several)
        raise unreadable(path, f"files ending in {path.suffix!r} cannot be read", f"export it as one of: {endings}")
    try:
        with path.open("rb") as file:
            start = file.read(64)
        _check_content(path, name, start)
        reader: Reader = import_module(f"flows.readers.{name}").read
        return reader(path, options or ReadOptions())
    except OSError as error:
        raise unreadable(path, f"cannot be opened ({error.strerror})", "check the file and its permissions") from None


def _check_content(path: Path, name: str, start: bytes) -> None:
    """The first bytes must fit the name's ending."""
    if not start:
        raise unreadable(path, "the file is empty (0 bytes)", "export it again; a table without rows still has its header")
    called = FORMATS[name][0]
    found = next(((what, reader) for magic, what, reader in MAGIC if start.startswith(magic)), None)
    if found is None and name != "delimited":
        raise unreadable(
            path, f"the name says {called}, but the content is none", "export it again, or correct the name's ending"
        )
    if found is not None and found[1] != name:
        todo = "save it without a password as .xlsx" if "password" in found[0] else "export it again, or correct the name"
        raise unreadable(path, f"the name says {called}, but the content is {found[0]}", todo)
