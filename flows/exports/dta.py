"""Stata files, release 118 (Stata 14 and later), UTF-8.

What belongs here: the file's elements and its map. What does not: what formats of fixed width share (fixed.py), reading
(flows/readers/dta.py).

Decided: a missing number is the plain missing value (.); Stata knows no missing text, it is empty. A code list stands in a note of its
variable (`notes EXOCCUR`), because Stata labels numbers only. Dates are %td days, instants %tc milliseconds since 1960. Text longer
than 2045 bytes is a strL. The time in the header is the release's, so that bytes repeat.
Layout: Stata, Description of .dta file format 118.
"""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from flows.exports import fixed
from flows.exports.fixed import Bytes
from flows.exports.source import ExportError, Source, Variable, quoted

LABEL, NAME, TEXT = 80, 32, 2045
_STRL, _DOUBLE, _LONG = 32768, 65526, 65528
_MISSING = np.uint64(0x7FE0000000000000)
_LARGEST = 8.988e307
_LONG_MISSING, _LONG_RANGE = 2147483621, (-2147483647, 2147483620)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHOWN = {"Integer": "%12.0g", "Integer64": "%16.0f", "Float": "%10.0g", "Date": "%tdCCYY-NN-DD", "Datetime": "%tc"}


@dataclass(frozen=True)
class _Field:
    variable: Variable
    kind: int

    @property
    def shown(self) -> str:
        """Its display format."""
        if self.variable.type != "Text":
            return _SHOWN[self.variable.type]
        return "%9s" if self.kind == _STRL else f"%-{min(self.kind, 244)}s"


def write(source: Source, path: Path) -> None:
    """Write one file. Raises ExportError for a name, a label or a value that cannot be kept."""
    fixed.whole_numbers(source)
    fixed.tell_blanks(source, pads=False)
    fields = [_Field(v, _kind(source, v)) for v in source.variables]
    lost: dict[str, int] = {}
    at: list[int] = []
    with path.open("wb") as out:
        for name, content in _head(source, fields):
            at.append(out.tell())
            out.write(b"<" + name + b">" + content + b"</" + name + b">" if name != b"stata_dta" else content)
        at.append(out.tell())
        _rows(out, source, fields, lost)
        at.append(out.tell())
        _long_texts(out, source, fields)
        at.append(out.tell())
        out.write(b"<value_labels></value_labels>")
        at.append(out.tell())
        out.write(b"</stata_dta>")
        at.append(out.tell())
        out.seek(at[1])
        out.write(b"<map>" + struct.pack("<14q", 0, *at[1:]) + b"</map>")
    fixed.tell_instants(source, lost)
    fixed.tell_codes(source, "in notes of the variables and codes.csv, because Stata labels numbers only")


def _kind(source: Source, v: Variable) -> int:
    measured = source.measure(v.name)
    if len(v.name) > NAME or len(v.label) > LABEL or len(source.title) > LABEL:
        raise ExportError(f"{source.name}.{v.name}: its name or label is too long for Stata")
    if v.type == "Text":
        return _STRL if measured.max_bytes > TEXT else max(measured.max_bytes, 1)
    if v.type == "Float" and measured.largest > _LARGEST:
        raise ExportError(f"{source.name}.{v.name}: a number is beyond what Stata holds (9e307)")
    return _LONG if v.type in ("Integer", "Date") else _DOUBLE


def _head(source: Source, fields: list[_Field]) -> list[tuple[bytes, bytes]]:
    """The elements before the rows, in order; the map is filled in at the end."""
    at = dt.datetime.fromisoformat(source.as_of).astimezone(dt.UTC)
    when = f"{at.day:02d} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M}".encode()
    label = source.title.encode()
    header = (
        b"<stata_dta><header><release>118</release><byteorder>LSF</byteorder><K>" + struct.pack("<H", len(fields))
        + b"</K><N>" + struct.pack("<Q", source.rows) + b"</N><label>" + struct.pack("<H", len(label)) + label
        + b"</label><timestamp>" + bytes([len(when)]) + when + b"</timestamp></header>"
    )  # fmt: skip
    notes = b"".join(_note(f.variable) for f in fields if f.variable.codes is not None)
    return [
        (b"stata_dta", header), (b"map", b"\0" * 112),
        (b"variable_types", b"".join(struct.pack("<H", f.kind) for f in fields)),
        (b"varnames", b"".join(_text(f.variable.name, 129) for f in fields)),
        (b"sortlist", b"\0" * 2 * (len(fields) + 1)), (b"formats", b"".join(_text(f.shown, 57) for f in fields)),
        (b"value_label_names", b"\0" * 129 * len(fields)),
        (b"variable_labels", b"".join(_text(f.variable.label, 321) for f in fields)), (b"characteristics", notes),
    ]  # fmt: skip


def _note(v: Variable) -> bytes:
    """The code list as the variable's first note."""
    told = "; ".join(f"{code} = {label}" for code, label in v.codes.terms.items()) if v.codes else ""
    parts = [_text(v.name, 129) + _text(name, 129) + text.encode() + b"\0" for name, text in (("note0", "1"), ("note1", told))]
    return b"".join(b"<ch>" + struct.pack("<I", len(part)) + part + b"</ch>" for part in parts)


def _text(text: str, width: int) -> bytes:
    return text.encode().ljust(width, b"\0")


def _rows(out: BinaryIO, source: Source, fields: list[_Field], lost: dict[str, int]) -> None:
    out.write(b"<data>")
    row = 0
    for batch in source.batches():
        columns = []
        for number, f in enumerate(fields, start=1):
            columns.append(_bytes(batch.column(f.variable.name), f, number, row, lost))
        out.write(np.concatenate(columns, axis=1).tobytes())
        row += batch.num_rows
    out.write(b"</data>")


def _bytes(column: pa.Array, told: _Field, number: int, row: int, lost: dict[str, int]) -> Bytes:
    v = told.variable
    if told.kind == _STRL:
        filled = np.array([bool(t) for t in column.to_pylist()], bool)
        rows = np.where(filled, np.arange(row + 1, row + 1 + len(filled), dtype=np.uint64), np.uint64(0))
        keys = np.where(filled, np.uint64(number), np.uint64(0)) | (rows << np.uint64(16))
        return keys.astype("<u8").view(np.uint8).reshape(len(filled), 8)
    if v.type == "Text":
        return fixed.text_block(column, told.kind, 0)
    values, n = fixed.numbers(column, v, fixed.SAS_EPOCH, per_second=1000.0)
    lost[v.name] = lost.get(v.name, 0) + n
    missing = np.isnan(values)
    if told.kind == _LONG:
        whole = np.where(missing, 0, values).astype(np.int64)
        low, high = _LONG_RANGE
        if len(whole) and not (low <= whole.min() and whole.max() <= high):
            raise ExportError(f"{v.name}: a whole number is beyond what Stata's long holds")
        return np.where(missing, _LONG_MISSING, whole).astype("<i4").view(np.uint8).reshape(len(values), 4)
    bits = np.where(missing, _MISSING, np.where(missing, 0.0, values).view(np.uint64))
    return bits.astype("<u8").view(np.uint8).reshape(len(values), 8)


def _long_texts(out: BinaryIO, source: Source, fields: list[_Field]) -> None:
    out.write(b"<strls>")
    for number, f in enumerate(fields, start=1):
        if f.kind != _STRL:
            continue
        row = 0
        for batch in source.batches([quoted(f.variable.name)]):
            for text in batch.column(0).to_pylist():
                row += 1
                if text:
                    content = text.encode() + b"\0"
                    out.write(b"GSO" + struct.pack("<IQBI", number, row, 130, len(content)) + content)
    out.write(b"</strls>")
