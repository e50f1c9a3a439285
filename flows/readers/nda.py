"""NIMH Data Archive templates (first line `lsas,01`, header on line 2) -> text cells.

What belongs here: the line with the structure's name and version. What does not: cutting text into cells (delimited.py), months of
`interview_age` and the archive's -999 (a site's mapping says what they mean).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from flows.readers import delimited
from flows.readers.cells import Cells, ReadOptions, unreadable

_FIRST = re.compile(rb'(?:\xef\xbb\xbf)?"?([a-z][a-z0-9_]*)"?[,\t]"?(\d{1,2})"?[,\t]*\r?(?:\n|$)')


def is_one(start: bytes) -> bool:
    """Do a text's first bytes name a structure, above a header with the archive's subject key?"""
    found = _FIRST.match(start)
    return found is not None and b"subjectkey" in start[found.end() :].split(b"\n", 1)[0]


def read(path: Path, options: ReadOptions) -> Cells:
    """The rows under the second line. Raises ReadError: no structure in the first line, and what delimited text raises."""
    with path.open("rb") as file:
        found = _FIRST.match(file.read(4096))
    if found is None:
        raise unreadable(path, "its first line does not name a structure of the NIMH Data Archive", "export it again")
    cells = delimited.read(path, replace(options, header_row=2))
    cells.notes.append(f"NIMH Data Archive structure {found[1].decode()}, version {found[2].decode()}")
    return cells
