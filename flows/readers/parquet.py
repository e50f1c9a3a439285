"""Parquet files -> text cells: dates and times in ISO 8601, numbers at their shortest, nothing rounded. A time that knows its zone has its
offset behind it: map it with `clock: offset` and a `format` that ends in `%z`.

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

#: Bits of a short floating number -> its type.
_SINGLE = {16: np.float16, 32: np.float32}


def read(path: Path, options: ReadOptions) -> Cells:
    """The file's table as text cells; columns that have no text form are left out and noted.

    Raises ReadError: damaged file, no column with a text form.
    """
    try:
        table = pq.ParquetFile(path, page_checksum_verification=True).read()
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        raise unreadable(path, "the Parquet file is damaged or cut", "fetch or export it again") from None
    return of_table(path, table, options)


def of_table(path: Path, table: pa.Table, options: ReadOptions) -> Cells:
    """An Arrow table as text cells. Raises ReadError: no column with a text form."""
    notes: list[str] = []
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    if nested and len(nested) < table.num_columns:
        notes.append(f"column(s) {', '.join(map(repr, nested))} hold lists or structures and are not read")
    plain = [n for n, field in enumerate(table.schema) if not pa.types.is_nested(field.type)]
    texts = {n: _written(table.column(n)) for n in plain}
    bare = [table.schema.field(n) for n, text in texts.items() if text is None]
    if (bare or nested) and len(bare) + len(nested) == table.num_columns:
        first = table.schema.field(0)
        raise unreadable(path, f"column {first.name!r} of type {first.type} has no text form", "send it as text or as numbers")
    if bare:
        told = ", ".join(f"{field.name!r} ({field.type})" for field in bare)
        notes.append(f"column(s) {told} have no text form and are not read")
    names = column_names([table.schema.field(n).name for n, text in texts.items() if text is not None], notes)
    columns = [pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text) for text in texts.values() if text is not None]
    return finish(names, columns, np.arange(1, table.num_rows + 1, dtype=np.int64), options, notes)


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column as text; None: it has none, such as bytes that are no UTF-8, or a duration."""
    try:
        return _text(column)
    except (pa.ArrowException, UnicodeError, OverflowError, ValueError):
        return None


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
        return _each(column, lambda value: "" if value != value else number_text(value), _SINGLE.get(kind.bit_width))
    if types.is_decimal(kind):
        return _each(column, lambda value: format(value.normalize() + 0, "f"))
    if types.is_timestamp(kind):
        return _timestamps(column)
    if types.is_time(kind):
        return _each(column.cast(pa.time64("us")), _clock)
    return None


def _each(column: pa.ChunkedArray, write: Any, single: Any = None) -> pa.ChunkedArray:
    """Write each different value once. `single`: the type of shorter numbers, whose shortest text is shorter (0.1)."""
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    if single is not None:
        values = [None if v is None else float(str(single(v))) for v in values]
    texts = pa.array([None if v is None else write(v) for v in values], pa.string())
    return pa.chunked_array([texts.take(encoded.indices)], pa.string())


def _timestamps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """2024-03-05T14:00:00, a fraction only where there is one, and the offset where a time zone is known. Nanoseconds, which are dust of
    clocks kept as fractions, are rounded to microseconds."""
    if column.type.unit == "ns":
        whole = pc.add(column.cast(pa.int64()), 500)
        column = pc.subtract(whole, _remainder(whole, 1000)).cast(pa.timestamp("ns", column.type.tz))
    return _each(column.cast(pa.timestamp("us", column.type.tz)), _instant)


def _remainder(numbers: pa.ChunkedArray, by: int) -> pa.ChunkedArray:
    """What is left of whole numbers, counted from the next lower multiple."""
    part = pc.subtract(numbers, pc.multiply(pc.divide(numbers, by), by))
    return pc.if_else(pc.less(part, 0), pc.add(part, by), part)


def _instant(value: dt.datetime) -> str:
    text = value.isoformat()
    head, dot, fraction = text.partition(".")
    if not dot:
        return text
    digits, offset = fraction[:6].rstrip("0"), fraction[6:]
    return f"{head}.{digits}{offset}"


def _clock(value: dt.time) -> str:
    return value.isoformat().rstrip("0") if value.microsecond else value.isoformat()
