"""One file = one format: read(path, options) gives text cells, whatever the format.

What belongs here: the one door to every reader. What does not: which reader reads which file (formats.py), reading itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from flows.readers.cells import LABEL, ROW, About, Cells, Mark, Ragged, ReadOptions, unreadable, without_nul
from flows.readers.formats import FORMATS, find

__all__ = ["FORMATS", "LABEL", "ROW", "About", "Cells", "Mark", "Ragged", "ReadOptions", "read"]

Reader = Callable[[Path, ReadOptions], Cells]


def read(path: Path, options: ReadOptions | None = None) -> Cells:
    """Read one file into text cells.

    Raises ReadError when the name's ending is unknown, the content is another format, or the file is not readable as told.
    """
    options = options or ReadOptions()
    try:
        name = find(path, options)
        reader: Reader = import_module(f"flows.readers.{FORMATS[name].module or name}").read
        cells = without_nul(reader(path, options), options)
        return replace(cells, typed=True) if FORMATS[name].typed else cells
    except OSError as error:
        raise unreadable(path, f"cannot be opened ({error.strerror})", "check the file and its permissions") from None
