"""SPSS files (.sav), UTF-8, not compressed.

What belongs here: the dictionary's records and the cases. What does not: what formats of fixed width share (fixed.py), reading
(flows/readers/sav.py).

Decided: a missing number is system-missing; a missing text is blank, as SPSS knows no other. Code lists are value labels. Dates and
instants are seconds since 14 October 1582 with formats SDATE10 and DATETIME20. A text longer than 255 bytes is SPSS's own "very long
string". The date in the header is the release's, so that bytes repeat.
Layout: PSPP Developers Guide, System File Format.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.exports import fixed
from flows.exports.fixed import Bytes
from flows.exports.source import ExportError, Source, Variable

LABEL, LONGEST, TEXT = 255, 32767, 255
_SEGMENT = 252
_MISSING = -sys.float_info.max
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Print formats: type, width, decimals (PSPP: A 1, F 5, SDATE 39, DATETIME 22).
_SHOWN = {"Integer": (5, 11, 0), "Integer64": (5, 16, 0), "Float": (5, 16, 6), "Date": (39, 10, 0), "Datetime": (22, 20, 0)}


@dataclass(frozen=True)
class _Field:
    """A variable with its width (0 a number) and its place among the file's eight-byte elements, counted from 1."""

    variable: Variable
    width: int
    place: int

    @property
    def segments(self) -> list[int]:
        """Widths of the pieces a text is declared in; one piece unless it is very long."""
        if self.width <= TEXT:
            return [self.width]
        n = math.ceil(self.width / _SEGMENT)
        return [TEXT] * (n - 1) + [self.width - (n - 1) * _SEGMENT]


def write(source: Source, path: Path) -> None:
    """Write one file. Raises ExportError for a label or a value that cannot be kept."""
    fixed.whole_numbers(source)
    fixed.tell_blanks(source, pads=True)
    fields = _fields(source)
    lost: dict[str, int] = {}
    with path.open("wb") as out:
        out.write(_head(source, fields))
        for batch in source.batches():
            out.write(np.concatenate([_bytes(batch.column(f.variable.name), f, lost) for f in fields], axis=1).tobytes())
    fixed.tell_instants(source, lost)


def _fields(source: Source) -> list[_Field]:
    out, place = [], 1
    for v in source.variables:
        width = max(source.measure(v.name).max_bytes, 1, *map(len, v.codes.terms if v.codes else ())) if v.type == "Text" else 0
        if width > LONGEST:
            raise ExportError(f"{source.name}.{v.name}: a text is longer than {LONGEST} bytes, the most that SPSS holds")
        if len(v.label.encode()) > LABEL or len(v.name.encode()) > 8:
            raise ExportError(f"{source.name}.{v.name}: its label or name is too long for SPSS")
        out.append(_Field(v, width, place))
        place += sum(math.ceil(w / 8) for w in out[-1].segments) if width else 1
    return out


def _bytes(column: pa.Array, told: _Field, lost: dict[str, int]) -> Bytes:
    v = told.variable
    if v.type != "Text":
        values, n = fixed.numbers(column, v, fixed.SPSS_EPOCH, per_day=86_400.0)
        lost[v.name] = lost.get(v.name, 0) + n
        return np.where(np.isnan(values), _MISSING, values).astype("<f8").view(np.uint8).reshape(len(values), 8)
    plain = fixed.text_block(column, told.width, 0x20)
    pieces = []
    for number, width in enumerate(told.segments):
        piece = plain[:, number * TEXT : number * TEXT + TEXT]  # every piece holds 255 bytes, whatever its declared width
        full = np.full((len(plain), math.ceil(width / 8) * 8), 0x20, np.uint8)
        full[:, : piece.shape[1]] = piece
        pieces.append(full)
    return np.concatenate(pieces, axis=1)


def _head(source: Source, fields: Sequence[_Field]) -> bytes:
    at = dt.datetime.fromisoformat(source.as_of).astimezone(dt.UTC)
    elements = sum(sum(math.ceil(w / 8) for w in f.segments) if f.width else 1 for f in fields)
    out = [
        b"$FL2", b"@(#) SPSS DATA FILE trialweave".ljust(60), struct.pack("<5id", 2, elements, 0, 0, source.rows, 100.0),
        f"{at.day:02d} {_MONTHS[at.month - 1]} {at.year % 100:02d}{at:%H:%M:%S}".encode(), source.title.encode()[:64].ljust(64), b"\0" * 3,
    ]  # fmt: skip
    names: list[str] = []
    for f in fields:
        out += _variable(f, names)
    out += [_labels(f) for f in fields if f.variable.codes and f.width <= 8]
    out += [
        _info(3, 4, struct.pack("<8i", 1, 0, 0, -1, 1, 1, 2, 65001)),
        _info(4, 8, struct.pack("<3d", _MISSING, sys.float_info.max, float(np.nextafter(_MISSING, 0.0)))),
        _info(11, 4, b"".join(_display(f) for f in fields for _ in f.segments)),
        _info(13, 1, "\t".join(f"{f.variable.name}={f.variable.name}" for f in fields).encode()),
    ]
    if very := [f"{f.variable.name}={f.width:05d}\0\t" for f in fields if f.width > TEXT]:
        out.append(_info(14, 1, "".join(very).encode()))
    out.append(_info(16, 8, struct.pack("<2q", 1, source.rows)))
    out.append(_info(20, 1, b"UTF-8"))
    if long := b"".join(_long_labels(f) for f in fields if f.variable.codes and f.width > 8):
        out.append(_info(21, 1, long))
    return b"".join(out) + struct.pack("<2i", 999, 0)


def _variable(told: _Field, names: list[str]) -> list[bytes]:
    """The records of a variable: one for each of its pieces, followed by one for each further eight bytes."""
    v, out = told.variable, []
    for number, width in enumerate(told.segments):
        name = v.name if not number else _free(v.name, number, names)
        names.append(name)
        kind, wide, decimals = _SHOWN.get(v.type, (1, min(width, 255), 0))
        shown = kind << 16 | wide << 8 | decimals
        out.append(struct.pack("<6i", 2, width, 0 if number else 1, 0, shown, shown) + name.encode().ljust(8))
        if not number:
            label = v.label.encode()
            out.append(struct.pack("<i", len(label)) + label + b"\0" * (-len(label) % 4))
        out += [struct.pack("<6i", 2, -1, 0, 0, 0, 0) + b" " * 8] * (math.ceil(width / 8) - 1 if width else 0)
    return out


def _free(name: str, number: int, names: Sequence[str]) -> str:
    """A name for a further piece that no variable has; readers do not show it."""
    for width in range(5, 0, -1):
        found = f"{name[:width]}{number:03d}"[:8]
        if found not in names:
            return found
    raise ExportError(f"{name}: no name is free for its pieces")


def _display(told: _Field) -> bytes:
    v = told.variable
    measure = 3 if v.type in ("Float", "Integer", "Date", "Datetime") else 1
    return struct.pack("<3i", measure, max(8, min(told.width, 40)), 0 if v.type == "Text" else 1)


def _labels(told: _Field) -> bytes:
    """Value labels of a text of at most eight bytes."""
    terms = told.variable.codes.terms if told.variable.codes else {}
    out = struct.pack("<2i", 3, len(terms))
    for code, label in terms.items():
        text = label.encode()[:120]
        out += code.encode().ljust(8) + bytes([len(text)]) + text
        out += b" " * (-(len(text) + 1) % 8)
    return out + struct.pack("<3i", 4, 1, told.place)


def _long_labels(told: _Field) -> bytes:
    """Value labels of a longer text."""
    name, terms = told.variable.name.encode(), told.variable.codes.terms if told.variable.codes else {}
    out = struct.pack("<i", len(name)) + name + struct.pack("<2i", told.width, len(terms))
    for code, label in terms.items():
        value, text = code.encode().ljust(told.width), label.encode()
        out += struct.pack("<i", len(value)) + value + struct.pack("<i", len(text)) + text
    return out


def _info(kind: int, size: int, content: bytes) -> bytes:
    return struct.pack("<4i", 7, kind, size, len(content) // size) + content
