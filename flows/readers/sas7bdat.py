"""SAS data sets (.sas7bdat) -> text cells, with the labels of a format catalogue (.sas7bcat) beside it.

What belongs here: SAS formats, the catalogue. What does not: calling pyreadstat (readstat.py), transport files (xpt.py).

Decided as for transport files: a plain missing number (.) is a blank cell, a special one (.A to .Z, ._) too unless `user_missing: keep`.
The catalogue is `companion`, a file beside it; a code whose format it does not hold stays a code.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pyreadstat

from flows.readers.cells import Cells, ReadOptions, unreadable
from flows.readers.moments import sas_part, sas_shown
from flows.readers.rave import as_view
from flows.readers.readstat import cells, load

_WIDTH = re.compile(r"(?<=.)\d*(?:\.\d*)?$")


def read(path: Path, options: ReadOptions) -> Cells:
    """The data set as text cells.

    Raises ReadError: damaged or cut, a declared encoding that does not fit, a catalogue that is not there or not one.
    """
    notes: list[str] = []
    stat = load(path, path.read_bytes(), pyreadstat.read_sas7bdat, options.encoding, notes)
    formats = {name: str(shown or "") for name, shown in stat.meta.original_variable_types.items()}
    labels: dict[str, Any] = dict(stat.meta.variable_value_labels)
    if options.companion is not None:
        known = _catalogue(path.parent / options.companion, options.encoding)
        labels |= {name: known[key] for name, shown in formats.items() if (key := _WIDTH.sub("", shown.upper())) in known}
    writers = {name: sas_shown(shown) for name, shown in formats.items()}
    parts = {name: sas_part(shown) for name, shown in formats.items()}
    return as_view(cells(stat, writers, options, notes, labels=labels, tags=stat.meta.missing_user_values, parts=parts))


def _catalogue(path: Path, encoding: str | None) -> dict[str, dict[Any, str]]:
    """Format name -> code -> label. SAS writes the name of a text format with its dollar sign."""
    if not path.is_file():
        raise unreadable(path, "the format catalogue is not in the delivery", "correct `companion`, or ask for the catalogue")
    data = path.read_bytes()
    for one in dict.fromkeys((encoding, None, "windows-1252")):
        try:
            _, meta = pyreadstat.read_sas7bcat(io.BytesIO(data), encoding=one, output_format="dict")
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError, MemoryError, LookupError):
            continue
        return {name.upper(): labels for name, labels in meta.value_labels.items()}
    raise unreadable(path, "the format catalogue is damaged, or of a version that cannot be read", "export the labels another way")
