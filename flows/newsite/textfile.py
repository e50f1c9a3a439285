"""A text file's first look: encoding, delimiter, the line of its header.

What belongs here: what must be said so that the reader cuts it right, and how that was found. What does not: reading (flows/readers).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.newsite.asking import Open
from flows.readers import ReadOptions
from flows.readers.encoding import to_utf8
from flows.readers.formats import find

_DELIMITERS = (",", ";", "\t", "|")
_LINES = 80
#: Letters of western European languages, which windows-1252 and latin-1 write alike, and signs that people type.
_WESTERN = set("äöüßÄÖÜàâçéèêëîïôûùñáíóúãõåæøÀÂÇÉÈÊËÎÏÔÛÙÑÁÍÓÚÃÕÅÆØ°µ´«»¿¡§²–—’“”„…€\u00a0")


def sniff(path: Path) -> tuple[ReadOptions, dict[str, Any], dict[str, str]]:
    """How to read a text file: for the reader, for the mapping, and why. Raises ReadError when it cannot be decoded."""
    if find(path, ReadOptions()) != "delimited":
        return ReadOptions(), {}, {}
    notes: list[str] = []
    data, encoding = to_utf8(path, path.read_bytes(), None, notes)
    text = data[: 2**18].decode("utf-8", errors="ignore")
    options: dict[str, Any] = {}
    whys: dict[str, str] = {}
    how = ReadOptions()
    if encoding != "utf-8":
        how = replace(how, encoding=encoding)
        options["encoding"], whys["encoding"] = _encoding(data.decode("utf-8", errors="ignore"), encoding, is_guess=bool(notes))
    lines = text.splitlines()[:_LINES]
    if lines and lines[0].lower().strip('"').startswith("sep="):
        return how, options, whys
    delimiter, width = _delimiter(lines)
    if delimiter != ",":
        how = replace(how, delimiter=delimiter)
        options["delimiter"] = delimiter
    row = _header_line(lines, delimiter, width)
    if row > 1:
        how = replace(how, header_row=row)
        options["header_row"] = row
        whys["header_row"] = f"the names of the columns stand in line {row}; what is above are titles"
    return how, options, whys


def _encoding(text: str, encoding: str, *, is_guess: bool) -> tuple[Any, str]:
    if not is_guess:
        return encoding, "its first bytes say so"
    odd = {c for c in text if ord(c) > 127}
    if encoding == "cp1252" and odd <= _WESTERN:
        return encoding, "it is not UTF-8, and all its letters are of western European languages"
    return Open(f"the encoding the site uses; {encoding} is likely, but the bytes do not prove it"), ""


def _cells(line: str, delimiter: str) -> int:
    return len(next(csv.reader(io.StringIO(line), delimiter=delimiter), []))


def _delimiter(lines: list[str]) -> tuple[str, int]:
    """The character that cuts most lines into the same number of cells, and that number."""
    best = (0, 0, ",", 1)
    for delimiter in _DELIMITERS:
        widths = Counter(_cells(line, delimiter) for line in lines if line.strip())
        width, n = max(((w, k) for w, k in widths.items() if w > 1), key=lambda p: (p[1], p[0]), default=(1, 0))
        best = max(best, (n, width, delimiter, width) if width > 1 else best, key=lambda b: (b[0], b[1], -_DELIMITERS.index(b[2])))
    return best[2], best[3]


def _header_line(lines: list[str], delimiter: str, width: int) -> int:
    """Line of the column names: the first that is as wide as most, where only narrower ones stand above."""
    if width < 2:
        return 1
    for number, line in enumerate(lines, start=1):
        if _cells(line, delimiter) == width:
            return number
    return 1
