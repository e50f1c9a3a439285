"""What SPSS, Stata and SAS files have in common: ReadStat's columns -> text cells, with labels and declared missing codes.

What belongs here: calling pyreadstat so that nothing is lost, its errors as ReadError, codes as text, the guess of an encoding.
What does not: what a number means in one of the formats (sav.py, dta.py, sas7bdat.py).

pyreadstat is asked for plain numbers (no dates, no labels, user-missing kept): its own conversions overflow beyond 2262 and turn
declared missing codes into nothing. It stops quietly at the row count of the header, so readers check that count themselves.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyreadstat

from flows.readers.cells import About, Cells, ReadOptions, column_names, finish, number_text, unreadable
from flows.readers.moments import as_known

Value = float | int | str | None
Write = Callable[[float], str]
_CONVERT = "Unable to convert string"


@dataclass(frozen=True)
class Stat:
    """Columns as pyreadstat gives them (number, text, tag of a special missing value, None) and its metadata."""

    columns: dict[str, Sequence[Value]]
    meta: Any
    encoding: str

    @property
    def rows(self) -> int:
        """Rows that were read."""
        return max((len(values) for values in self.columns.values()), default=0)


def load(path: Path, data: bytes, reader: Callable[..., Any], declared: str | None, notes: list[str]) -> Stat:
    """Read the bytes with one of pyreadstat's readers.

    Raises ReadError: damaged or cut, a declared encoding that does not fit. Not declared and not as the file says: windows-1252, noted.
    """
    first = declared
    for encoding in [declared] if declared is not None else [None, "windows-1252"]:
        try:
            columns, meta = reader(
                io.BytesIO(data), encoding=encoding, user_missing=True, disable_datetime_conversion=True, output_format="dict"
            )
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, TypeError, OSError, MemoryError, LookupError) as error:
            if isinstance(error, UnicodeError) or _CONVERT in str(error):
                continue
            raise unreadable(path, "the file is damaged, cut or of an unknown version", "fetch or export it again") from None
        if encoding != first:
            notes.append(f"the text is not in the encoding the file says; read as {encoding}, a guess: declare its encoding")
        return Stat(columns, meta, encoding or meta.file_encoding or "")
    what = f"the declared encoding {declared} does not fit its bytes" if declared else "its text is in an encoding that cannot be found out"
    raise unreadable(path, what, "declare the encoding it has")


def cells(
    stat: Stat,
    writers: Mapping[str, Write],
    options: ReadOptions,
    notes: list[str],
    *,
    labels: Mapping[str, Mapping[Any, str]],
    missing: Mapping[str, Sequence[tuple[Value, Value]]] | None = None,
    tags: Mapping[str, Sequence[str]] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Cells:
    """Text cells. `writers`: column -> text of its numbers; `missing`: column -> declared ranges (lo, hi); `tags`: special missings met;
    `parts`: column -> what its dates show, where they show no day (moments.as_known).

    Codes in declared ranges and special missing values (.a) are left out where the options say so.
    """
    names = column_names([*stat.columns], notes)
    columns, about = [], {}
    for name, (original, values) in zip(names, stat.columns.items(), strict=True):
        write = None if stat.meta.readstat_variable_types.get(original) == "string" else writers.get(original, number_text)
        ranges = (missing or {}).get(original, ())
        seen = _seen(values, ranges, write)
        special = tuple(f".{tag}" for tag in (tags or {}).get(original, ()))
        seen, texts = seen or special, _texts(values, write)
        if seen and options.user_missing == "blank":
            texts = [None if text in seen else text for text in texts]
            notes.append(f"column {name!r} holds codes the file declares missing; they are read as blank")
        texts = as_known(texts, (parts or {}).get(original, ""))
        columns.append(pa.chunked_array([pa.array(texts, pa.string())], pa.string()))
        about[name] = About(
            label=str(stat.meta.column_names_to_labels.get(original) or ""),
            labels={_text(code, write) or "": str(label) for code, label in labels.get(original, {}).items()},
            missing=tuple(_range_text(lo, hi, write) for lo, hi in ranges) or special,
            seen=seen,
        )
    rows = np.arange(1, stat.rows + 1, dtype=np.int64)
    return finish(names, columns, rows, options, notes, encoding=stat.encoding or None, about=about)


def _texts(values: Sequence[Value], write: Write | None) -> list[str | None]:
    """Every cell as text; each different value is written once."""
    known: dict[Value, str | None] = {None: None}
    out: list[str | None] = []
    for value in values:
        if value not in known:
            known[value] = _text(value, write)
        out.append(known[value])
    return out


def _text(value: Any, write: Write | None) -> str | None:
    """A number as its column writes it (`write` None: a column of text); a special missing value with its point: .a, .Z, ._"""
    if value is None or write is None:
        return str(value or "") or None
    if isinstance(value, str):
        return f".{value}"
    number = float(value)
    return None if math.isnan(number) else write(number)


def _range_text(lo: Value, hi: Value, write: Write | None) -> str:
    def end(value: Value) -> str:
        return "" if isinstance(value, float) and abs(value) > 1e300 else _text(value, write) or ""

    return end(lo) if lo == hi else f"{end(lo)}..{end(hi)}"


def _seen(values: Sequence[Value], ranges: Sequence[tuple[Value, Value]], write: Write | None) -> tuple[str, ...]:
    """Codes met that the file declares missing."""
    if not ranges:
        return ()
    met: set[str] = set()
    for value in {v for v in values if v is not None}:
        for lo, hi in ranges:
            alike = isinstance(value, str) == isinstance(lo, str) == isinstance(hi, str)
            if alike and lo <= value <= hi:  # type: ignore[operator]
                met.add(_text(value, write) or "")
    return tuple(sorted(met))
