"""Parquet files -> text cells: dates and times in ISO 8601, numbers at their shortest, nothing rounded.

What belongs here: one Arrow type -> text. What does not: what a cell means (the mapping).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.readers.cells import Cells, ReadOptions, column_names, finish, number_text, unreadable


def read(path: Path, options: ReadOptions) -> Cells:
    """The file's table as text cells. Raises ReadError: damaged file, a column of lists, structures or durations."""
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError):
        raise unreadable(path, "the Parquet file is damaged or cut", "fetch or export it again") from None
    notes: list[str] = []
    names = column_names([*table.column_names], notes)
    columns = []
    for name, column in zip(names, table.columns, strict=True):
        try:
            text = _text(column)
        except (pa.ArrowException, UnicodeError, OverflowError, ValueError):
            text = None
        if text is None:
            raise unreadable(path, f"column {name!r} of type {column.type} has no text form", "send it as text or as numbers")
        columns.append(pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text))
    return finish(names, columns, np.arange(1, table.num_rows + 1, dtype=np.int64), options, notes)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column of any plain type as strings; None: there is no one way to write it."""
    kind = column.type
    types = pa.types
    if types.is_dictionary(kind):
        return _text(column.cast(kind.value_type))
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_date(kind) or types.is_null(kind):
        return column.cast(pa.date32() if types.is_date(kind) else kind).cast(pa.string())
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return column.cast(pa.string())
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _each(column, lambda value: value.decode("utf-8"))
    if types.is_floating(kind):
        return _each(column, lambda value: "" if value != value else number_text(value), kind.bit_width < 64)
    if types.is_decimal(kind):
        return _each(column, lambda value: format(value.normalize() + 0, "f"))
    if types.is_timestamp(kind):
        return _timestamps(column)
    if types.is_time(kind):
        return _each(column.cast(pa.time64("us")), _clock)
    return None


def _each(column: pa.ChunkedArray, write: Any, single: bool = False) -> pa.ChunkedArray:
    """Write each different value once. `single`: 32-bit numbers, whose shortest text is shorter (0.1)."""
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    if single:
        values = [None if v is None else float(str(np.float32(v))) for v in values]
    texts = pa.array([None if v is None else write(v) for v in values], pa.string())
    return pa.chunked_array([texts.take(encoded.indices)], pa.string())


def _timestamps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """2024-03-05T14:00:00, a fraction only where there is one, and the offset where a time zone is known."""
    return _each(column.cast(pa.timestamp("us", column.type.tz)), _instant)


def _instant(value: dt.datetime) -> str:
    text = value.isoformat()
    head, dot, fraction = text.partition(".")
    if not dot:
        return text
    digits, offset = fraction[:6].rstrip("0"), fraction[6:]
    return f"{head}.{digits}{offset}"


def _clock(value: dt.time) -> str:
    return value.isoformat().rstrip("0") if value.microsecond else value.isoformat()
