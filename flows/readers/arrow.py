"""Arrow and Feather files (.arrow, .feather, .arrows; version 2, plain or compressed) -> text cells, as from Parquet.

What belongs here: the file and stream formats. What does not: Arrow types as text (parquet.py). Feather version 1 is refused.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from flows.readers.cells import Cells, ReadOptions, unreadable
from flows.readers.parquet import of_table

_FILE = b"ARROW1"


def read(path: Path, options: ReadOptions) -> Cells:
    """The file's table as text cells. Raises ReadError: damaged or cut, Feather version 1, what Parquet's columns raise."""
    data = path.read_bytes()
    if data.startswith(b"FEA1"):
        raise unreadable(path, "it is a Feather file of version 1", "write it with version 2 (the default since 2020), or as Parquet")
    try:
        opened = pa.ipc.open_file(pa.BufferReader(data)) if data.startswith(_FILE) else pa.ipc.open_stream(pa.BufferReader(data))
        table = opened.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        raise unreadable(path, "the Arrow file is damaged or cut", "fetch or export it again") from None
    if not data.startswith(_FILE) and not data.endswith(b"\xff\xff\xff\xff\0\0\0\0"):
        raise unreadable(path, "the Arrow stream is cut: its end is missing", "fetch or export it again")
    return of_table(path, table, options)
