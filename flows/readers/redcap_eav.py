"""REDCap exports of one value a row (type `eav`) -> the flat table that REDCap's other exports are.

What belongs here: rows of one record, event and repeat become one row, boxes of a checkbox columns. What does not: everything that both
exports share (redcap.py).

A box that is ticked is a row of its own with its code as value; one that is not is no row, so it is 0 where its form has any value. A
field that nobody filled has no row, but a column: the dictionary names it.
Source: REDCap API, Export Records, type=eav.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from flows.readers.cells import ROW, Cells, Ragged
from flows.readers.redcap_dictionary import Dictionary, Field, box

_RECORD, _FIELD, _VALUE = "record", "field_name", "value"
_KEYS = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group")
_HEADER_LINES = 1


def is_one(cells: Cells) -> bool:
    """Has the file the columns of such an export, and no other?"""
    names = {n for n in cells.table.column_names if n != ROW}
    return {_RECORD, _FIELD, _VALUE} <= names <= {_RECORD, _FIELD, _VALUE, *_KEYS}


def flat(cells: Cells, dictionary: Dictionary) -> Cells:
    """One row a record, event and repeat, numbered by its first row in the file. What contradicts itself is set aside whole, a value whose
    field the dictionary does not know alone (its name may be a value in the wrong column, so it is not shown)."""
    keys = [n for n in cells.table.column_names if n in (_RECORD, *_KEYS)]
    fields, record_id = dictionary.fields, dictionary.record_id
    rows: dict[tuple[str | None, ...], dict[str, str | None]] = {}
    first: dict[tuple[str | None, ...], int] = {}
    why: dict[tuple[str | None, ...], str] = {}
    names: dict[str, None] = dict.fromkeys([record_id, *(n for n in keys if n != _RECORD), *dictionary.columns()])
    ragged = [*cells.ragged]
    for sent in cells.table.to_pylist():
        field, value = sent[_FIELD], sent[_VALUE]
        if field is None or not (field in fields or field in _KEYS or dictionary.form_of(field)):
            ragged.append(Ragged(sent[ROW], sent[ROW] + _HEADER_LINES, "its field is not in the data dictionary"))
            continue
        key = tuple(sent[n] for n in keys)
        row = rows.setdefault(key, {record_id: sent[_RECORD]} | {n: sent[n] for n in keys if n != _RECORD})
        first.setdefault(key, sent[ROW])
        one = fields.get(field)
        if one is not None and one.kind == "checkbox" and value is not None:
            code = _code(one, value)
            if code is None:
                why.setdefault(key, f"an option of {field!r} is none of its choices")
                continue
            field, value = box(field, code), "1" if value in one.choices else "Checked"
        if value is not None and row.get(field) not in (None, value):
            why.setdefault(key, f"field {field!r} is given twice with different values")
        row[field] = value if value is not None else row.get(field)
        names[field] = None
    _unticked(rows.values(), dictionary)
    kept = [key for key in rows if key not in why]
    ragged += [Ragged(first[key], first[key] + _HEADER_LINES, told) for key, told in why.items()]
    columns = {n: pa.array([rows[key].get(n) for key in kept], pa.string()) for n in names}
    table = pa.table(columns | {ROW: pa.array(np.array([first[key] for key in kept], np.int64))})
    notes = [*cells.notes, f"{cells.table.num_rows} values of REDCap's export of one value a row are {len(rows)} rows"]
    return replace(cells, table=table, ragged=sorted(ragged, key=lambda r: r.row), notes=notes)


def _code(one: Field, value: str) -> str | None:
    """The code of a box, given as code or label."""
    if value in one.choices:
        return value
    found = [code for code, label in one.choices.items() if label == value]
    return found[0] if len(found) == 1 else None


def _unticked(rows: Iterable[dict[str, str | None]], dictionary: Dictionary) -> None:
    """Boxes that are not ticked, in rows whose form has a value."""
    off = "Unchecked" if any(v == "Checked" for row in rows for v in row.values()) else "0"
    boxes = {one.name: [box(one.name, code) for code in one.choices] for one in dictionary.fields.values() if one.kind == "checkbox"}
    for row in rows:
        filled = {dictionary.form_of(n) for n, v in row.items() if v is not None and n != dictionary.record_id}
        for name, columns in boxes.items():
            if dictionary.fields[name].form in filled:
                for column in columns:
                    row.setdefault(column, off)
