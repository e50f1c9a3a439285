"""CDISC Dataset-JSON 1.1 (and 1.0): .json, .ndjson and compressed .dsjc -> text cells.

What belongs here: columns, rows, the count of records. What does not: exact JSON (json_text.py), other JSON (json_records.py).

Dates are ISO 8601 text already; a number whose displayFormat is a SAS date format is written as the date it is.
Source: CDISC Dataset-JSON 1.1 specification (dataset.schema.json).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flows.readers.cells import About, Cells, Ragged, ReadOptions, column_names, finish, number_text, unreadable
from flows.readers.inflate import inflate
from flows.readers.json_text import Number, document, scalar
from flows.readers.moments import sas_shown

VERSION = "datasetJSONVersion"


def read(path: Path, options: ReadOptions) -> Cells:
    """The dataset as text cells; `_row` counts its rows.

    Raises ReadError: no Dataset-JSON, damaged, columns without names, as many records as it says are not there.
    """
    notes: list[str] = []
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b" or data[:1] == b"\x78":
        out = io.BytesIO()
        inflate(path, io.BytesIO(data), out)
        data = out.getvalue()
    first, lines, encoding = document(path, data, options.encoding, notes)
    return from_document(path, first, lines, options, notes, encoding)


def is_dataset(first: dict[str, Any]) -> bool:
    """Does a document look like a Dataset-JSON, even where a damaged key hides one of its signs?"""
    old = "clinicalData" in first or "referenceData" in first
    return VERSION in first or old or ("columns" in first and ("rows" in first or "itemGroupOID" in first)) or "itemGroupOID" in first


def from_document(
    path: Path, first: Any, lines: Iterator[tuple[int, Any]] | None, options: ReadOptions, notes: list[str], encoding: str
) -> Cells:
    """Cells of a document that was parsed: all in one, or its metadata and then a row a line."""
    if not isinstance(first, dict) or getattr(first, "twice", None) is not None:
        raise unreadable(path, "it is no Dataset-JSON, or gives a key twice", "export it as Dataset-JSON 1.1")
    meta = _version_1_0(path, first, options) if "clinicalData" in first or "referenceData" in first else first
    columns = meta.get("columns")
    if not isinstance(columns, list) or not columns or not all(isinstance(c, dict) and isinstance(c.get("name"), str) for c in columns):
        raise unreadable(path, "its columns have no names", "export it as Dataset-JSON 1.1")
    rows = meta.get("rows", [] if lines is None else None)
    if lines is None and not isinstance(rows, list):
        raise unreadable(path, "its rows are no list", "export it as Dataset-JSON 1.1")
    numbered: Iterable[tuple[int, Any]] = lines if lines is not None else enumerate(rows or [], start=1)
    return _table(path, columns, numbered, meta.get("records"), options, notes, encoding)


def _version_1_0(path: Path, first: dict[str, Any], options: ReadOptions) -> dict[str, Any]:
    """The one item group of a version 1.0 document, or the one that `sheet` names, in the words of 1.1."""
    groups: dict[str, Any] = {}
    for part in ("clinicalData", "referenceData"):
        inner = first.get(part)
        groups |= inner.get("itemGroupData", {}) if isinstance(inner, dict) else {}
    wanted = options.sheet
    found = [g for oid, g in groups.items() if isinstance(g, dict) and (wanted is None or wanted in (oid, g.get("name")))]
    if len(found) != 1:
        raise unreadable(path, f"it holds {sorted(groups)}, not one dataset", "set `sheet` to the dataset, or export Dataset-JSON 1.1")
    group = found[0]
    columns = [{**item, "dataType": item.get("type")} if isinstance(item, dict) else item for item in group.get("items", [])]
    return {"columns": columns, "rows": group.get("itemData"), "records": group.get("records")}


def _table(
    path: Path,
    columns: list[dict[str, Any]],
    rows: Iterable[tuple[int, Any]],
    told: Any,
    options: ReadOptions,
    notes: list[str],
    encoding: str,
) -> Cells:
    good: list[list[Any]] = []
    numbers: list[int] = []
    bad: list[Ragged] = []
    for row, (line, cells) in enumerate(rows, start=1):
        why = _fault(cells, len(columns))
        if why is None:
            good.append(cells)
            numbers.append(row)
        else:
            bad.append(Ragged(row, line, why))
    if told is not None and str(told) != str(len(good) + len(bad)):
        raise unreadable(path, f"it says {told} records, but holds {len(good) + len(bad)}", "fetch or export it again")
    if told is None:
        notes.append("it does not say how many records there are, so it may be cut")
    names = column_names([str(c["name"]) for c in columns], notes)
    arrays = [pa.chunked_array([pa.array(_column(good, place, c), pa.string())], pa.string()) for place, c in enumerate(columns)]
    about = {name: About(label=str(c.get("label") or "")) for name, c in zip(names, columns, strict=True)}
    cells = finish(names, arrays, np.array(numbers, np.int64), options, notes, encoding=encoding, ragged=bad, about=about)
    return replace(cells, typed=True)  # also under the name .json, which alone would not say so


def _fault(cells: Any, width: int) -> str | None:
    if isinstance(cells, ValueError):
        return "it is no JSON"
    if not isinstance(cells, list):
        return "it is no list of cells"
    if len(cells) != width:
        return f"{len(cells)} cells where the columns are {width}"
    return "a cell holds a list or an object" if any(isinstance(c, list | dict) for c in cells) else None


def _column(rows: list[list[Any]], place: int, column: dict[str, Any]) -> list[str | None]:
    shown = sas_shown(str(column.get("displayFormat") or ""))
    if shown is number_text:
        return [scalar(row[place]) for row in rows]
    return [shown(float(row[place])) if isinstance(row[place], Number) else scalar(row[place]) for row in rows]
