"""OpenClinica's CSV and tab-delimited data sets -> text cells.

What belongs here: the lines about the data set above the header. What does not: cutting text into cells (delimited.py), item columns
named by event, form and repeat (`DOSE_E2_1_C3`), which a site's `wide` pattern takes apart; its ODM export (odm.py).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flows.readers import delimited
from flows.readers.cells import Cells, ReadOptions, unreadable
from flows.readers.encoding import to_utf8

_SUBJECT = ("study subject id", "subjectid", "studysubjectid", "subject id", "study_subject_id", "ssid")
_LOOKED_AT = 500


def read(path: Path, options: ReadOptions) -> Cells:
    """The rows under the line that starts with the subject's identifier. Raises ReadError: no such line."""
    if options.header_row != 1:
        return delimited.read(path, options)
    text, _ = to_utf8(path, path.read_bytes(), options.encoding, [])
    lines = text.split(b"\n", _LOOKED_AT)[:_LOOKED_AT]
    for number, line in enumerate(lines, start=1):
        first = line.replace(b'"', b"").replace(b"\t", b",").replace(b";", b",").partition(b",")[0]
        if first.strip().lower().decode("utf-8", "replace") in _SUBJECT:
            cells = delimited.read(path, replace(options, header_row=number))
            if number > 1:
                cells.notes.append(f"{number - 1} line(s) above the header tell of the data set")
            return cells
    raise unreadable(path, "no line starts with the subject's identifier, as OpenClinica's header does", "set header_row")
