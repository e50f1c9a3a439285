"""The bytes of a Stata file's rows: where they lie, and which of them zero bytes overwrote.

What belongs here: versions 113 to 119, the places of values in a row. What does not: reading values (dta.py), what a zero byte says
(zeroed.py). Texts are filled up with NUL there, and a blank number is no zero.
Source: StataCorp, `help dta`, and that of the older versions.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import numpy as np

from flows.readers.zeroed import Place, Rows, overwritten

TAGGED = 117
_OLD, _OLD_HEADER = 113, 109
#: Bytes and kind of a type that is no text; a text's type is its length. Of version 117 and later, and before.
_TYPES = {32768: (8, ""), 65526: (8, "f8"), 65527: (4, "f4"), 65528: (4, ""), 65529: (2, ""), 65530: (1, "")}
_OLD_TYPES = {255: (8, "f8"), 254: (4, "f4"), 253: (4, ""), 252: (2, ""), 251: (1, "")}
_OLD_FORMAT = {113: 12, 114: 49, 115: 49}


@dataclass(frozen=True)
class Layout:
    """Where the rows begin and end, and the places of values in one."""

    start: int
    stop: int
    places: tuple[Place, ...]

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return self.places[-1].start + self.places[-1].length if self.places else 0


def version(data: bytes) -> int:
    """The version of the file's layout."""
    told = re.match(rb"<stata_dta><header><release>(\d{3})<", data)
    return int(told[1]) if told else data[0]


def layout(data: bytes, formats: list[str]) -> Layout | None:
    """Where the rows lie; None: of a version before 113, or damaged. `formats`: how each variable is shown."""
    try:
        return _tagged(data, formats) if version(data) >= TAGGED else _old(data, formats) if version(data) >= _OLD else None
    except (struct.error, IndexError):
        return None


def overwritten_rows(data: bytes, where: Layout | None) -> Rows:
    """Which rows (from 0) zero bytes overwrote."""
    if where is None or where.width == 0 or where.start < 0:
        return np.zeros(0, np.int64)
    count = max((min(where.stop, len(data)) - where.start) // where.width, 0)
    return overwritten(np.frombuffer(data, np.uint8, count * where.width, where.start).reshape(count, where.width), where.places)


def _tagged(data: bytes, formats: list[str]) -> Layout:
    types = data[data.find(b"<variable_types>") + 16 : data.find(b"</variable_types>")]
    order = "<" if b"<byteorder>LSF" in data[:100] else ">"
    kinds = [_TYPES.get(kind, (kind, "")) for (kind,) in struct.iter_unpack(f"{order}H", types[: len(types) // 2 * 2])]
    start = data.find(b"<data>", data.find(b"</characteristics>"))
    return Layout(start + len(b"<data>") if start >= 0 else -1, data.rfind(b"</data><strls>"), _places(kinds, order, formats))


def _old(data: bytes, formats: list[str]) -> Layout:
    """Header, types, names, order, formats, names and labels of values, then characteristics up to an empty one."""
    order = "<" if data[1] == 2 else ">"
    many, count = struct.unpack_from(f"{order}HI", data, 4)
    kinds = [_OLD_TYPES.get(kind, (kind, "")) for kind in data[_OLD_HEADER : _OLD_HEADER + many]]
    at = _OLD_HEADER + many * (1 + 33 + 2 + _OLD_FORMAT[data[0]] + 33 + 81) + 2
    size = -1
    while size:
        kind, size = struct.unpack_from(f"{order}bi", data, at)
        if size < 0 or (kind == 0 and size):
            raise struct.error
        at += 5 + size
    places = _places(kinds, order, formats)
    return Layout(at, at + count * (places[-1].start + places[-1].length if places else 0), places)


def _places(kinds: list[tuple[int, str]], order: str, formats: list[str]) -> tuple[Place, ...]:
    starts = np.cumsum([0, *(length for length, _ in kinds)]).tolist()
    shown = [*formats, *[""] * len(kinds)]
    return tuple(
        Place(start, length, kind and order + kind, bool(re.match(r"%-?\d*(t[cCd]|d)", form)))
        for start, (length, kind), form in zip(starts, kinds, shown, strict=False)
    )
