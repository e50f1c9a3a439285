"""The bytes of an SPSS file's rows: which rows hold what damage leaves and no program writes.

What belongs here: where the rows begin, the places of values in them, the opcodes of a compressed file. What does not: reading values
(sav.py), what a zero byte says (zeroed.py). A .zsav carries checksums.
Layout: PSPP's "System File Format" (records 2, 3, 4, 6, 7, 999; the bytecode compression).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from flows.readers.zeroed import Place, Rows, odd_numbers, overwritten

_HEADER, _VARIABLE, _SEGMENT = 176, 32, 8
_PLAIN, _PACKED = 0, 1
#: Opcodes: nothing, the number opcode - bias up to _LAST, the end, a value that follows, eight blanks, a missing number.
_NOTHING, _LAST, _END, _FOLLOWS, _BLANKS, _MISSING = 0, 251, 252, 253, 254, 255
#: Print formats of days and instants.
_DATES = {20, 22, 23, 24, 28, 29, 30, 38, 39, 41}
#: Numbers written out though an opcode would do, and texts with a NUL, are damage where so many times as many are as usual.
_USUAL = 4
_NONE = np.zeros(0, np.int64)


class _Records(NamedTuple):
    places: list[Place]
    start: int


def overwritten_rows(data: bytes, order: str, count: int) -> Rows | None:
    """Which of the file's `count` rows (from 0) zero bytes overwrote; `order`: < or >. None: its values do not fill its rows."""
    packing, bias = struct.unpack_from(f"{order}i", data, 72)[0], struct.unpack_from(f"{order}d", data, 84)[0]
    try:
        places, start = _records(data, order)
    except (struct.error, IndexError):
        return _NONE
    if not places or packing not in (_PLAIN, _PACKED):
        return _NONE
    if packing == _PACKED:
        return _packed(data, start, order, bias, places, count)
    width = _SEGMENT * len(places)
    rows = np.frombuffer(data, np.uint8, min((len(data) - start) // width, count) * width, start)
    return overwritten(rows.reshape(-1, width), places)


def _records(data: bytes, order: str) -> _Records:
    """The places of a row, eight bytes each, and where the rows begin."""
    places: list[Place] = []
    at = _HEADER
    while True:
        kind, first, second, third, shown = struct.unpack_from(f"{order}5i", data, at)
        if kind == 2:
            is_text = first != 0
            places.append(
                Place(len(places) * _SEGMENT, _SEGMENT, "blank" if is_text else f"{order}f8", not is_text and shown >> 16 in _DATES)
            )
            at += _VARIABLE
            if second:
                at += 4 + -(-struct.unpack_from(f"{order}i", data, at)[0] // 4) * 4
            at += 8 * abs(third)
        elif kind == 3:
            at += 8
            for _ in range(first):
                at += 8 + -(-(data[at + 8] + 1) // 8) * 8
        elif kind in (4, 6):
            at += 8 + first * (4 if kind == 4 else 80)
        elif kind == 7:
            at += 16 + second * third
        elif kind == 999:
            return _Records(places, at + 8)
        else:
            raise struct.error


def _packed(data: bytes, start: int, order: str, bias: float, places: list[Place], count: int) -> Rows | None:
    """Rows of a compressed file with a value that no program writes out: a text with a NUL, a number that has an opcode."""
    at, cell, short = start, 0, 0
    cells: list[int] = []
    follows: list[bytes] = []
    while at + _SEGMENT <= len(data):
        codes = data[at : at + _SEGMENT]
        at += _SEGMENT
        if _FOLLOWS not in codes and _END not in codes:
            cell += _SEGMENT - codes.count(_NOTHING)
            short += _SEGMENT - codes.count(_NOTHING) - codes.count(_BLANKS) - codes.count(_MISSING)
            continue
        for code in codes:
            if code == _FOLLOWS:
                cells.append(cell)
                follows.append(data[at : at + _SEGMENT])
                at += _SEGMENT
            elif code <= _LAST:
                short += code != _NOTHING
            elif code == _END:
                at = len(data)
                break
            cell += code != _NOTHING
    if cell != count * len(places):
        return None
    follows = [value for value in follows if len(value) == _SEGMENT]
    if not follows:
        return _NONE
    values = np.frombuffer(b"".join(follows), np.uint8).reshape(-1, _SEGMENT)
    numbers = values.view(f"{order}f8").ravel()
    where = np.array(cells[: len(follows)], np.int64)
    is_text = np.array([place.kind == "blank" for place in places])[where % len(places)]
    with np.errstate(invalid="ignore"):
        needless = ~is_text & (numbers == np.floor(numbers)) & (numbers >= 1 - bias) & (numbers <= _LAST - bias)
    odd = ~is_text & odd_numbers(values.view(f"{order}u8").ravel().astype(np.uint64), f"{order}f8")
    ended = is_text & (values == 0).any(axis=1)
    for found, others in ((ended, is_text.sum()), (needless, short)):
        if _USUAL * found.sum() < others:
            odd |= found
    return np.unique(where[odd] // len(places))
