"""Rows that a run of zero bytes overwrote: what a lost sector, or a part of a file that never arrived, leaves in SPSS, Stata and SAS files.

What belongs here: which rows of a file with rows of one width no program has written so.
What does not: where rows and values lie in a format (sav_bytes.py, dta.py, xpt.py), what becomes of such rows (cells.without_rows).

A zero is a number like others: a run that begins and ends between two numbers that may be 0 gives no sign. Signs are a NUL in a text where
others end in blanks, a number with an exponent that nothing measured has, a run as long as a row, one that takes in an identifier or a date
that is zero nowhere else. Every row that shares such a run is told with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WHY = "zero bytes overwrote a part of it"
#: The shortest run that is looked at.
_RUN = 8
#: Rows from which "nowhere else" says something, of a date and within a row; how many rows of such a column may have one zero in a run.
_ROWS, _IN_ROW, _FEW = 5, 20, 50
#: Texts that end in NUL are damaged where so many times as many end in blanks.
_BLANKS = 4
#: The first byte of a number without its sign, the bytes behind it, the first digit of an IBM fraction.
_WORD = 8
_FIRST, _REST, _DIGIT = np.uint64(0x7F << 56), np.uint64(2**56 - 1), np.uint64(0xF << 52)
Rows = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """Where a row holds a value. `kind`: `blank`, a text filled up with blanks; `<f8`, `>f4` and the like; `ibm`; empty: another.

    `is_date`: its zero is the first day of the format's calendar.
    """

    start: int
    length: int
    kind: str = ""
    is_date: bool = False


def overwritten(rows: Bytes, places: Sequence[Place]) -> Rows:
    """Which of `rows` (rows x bytes; counted from 0) a run of zero bytes touched, as far as it left a sign. `places` in their order."""
    if not rows.size or not places:
        return np.zeros(0, np.int64)
    width = rows.shape[1]
    starts, stops = _runs(rows)
    odd = _odd_texts(rows, [p for p in places if p.kind == "blank"])
    odd += [(p, odd_numbers(_words(rows, p), p.kind)) for p in places if p.kind not in ("", "blank")]
    told = _telling(rows, places, starts, stops)
    touched = [np.zeros(0, np.int64)]
    for place, found in odd:
        here = np.flatnonzero(found)
        touched.append(here)
        first = np.searchsorted(stops, here * width + place.start, "right")
        last = np.searchsorted(starts, here * width + place.start + place.length, "left")
        for one, other in zip(first.tolist(), last.tolist(), strict=True):
            told[one:other] = True
    touched += [np.arange(a // width, (b - 1) // width + 1) for a, b in zip(starts[told].tolist(), stops[told].tolist(), strict=True)]
    return np.unique(np.concatenate(touched))


def odd_numbers(words: Words, kind: str) -> Mask:
    """Numbers that are not 0 though their first byte is: below 1e-303 (in single precision 1e-38, IBM's 1e-76). `words`: their bytes.

    An IBM fraction that begins with 0 is odd too: it would be written otherwise.
    """
    odd = (words & _FIRST) == 0
    if kind == "ibm":
        odd |= (words & _DIGIT) == 0
    return odd & ((words & _REST) != 0)


def _words(rows: Bytes, place: Place) -> Words:
    """A value of at most eight bytes in each row, the most significant one first and filled up with zeroes behind."""
    padded = np.zeros((len(rows), _WORD), np.uint8)
    cells = rows[:, place.start : place.start + place.length]
    padded[:, : place.length] = cells[:, ::-1] if place.kind.startswith("<") else cells
    return padded.view(">u8").ravel().astype(np.uint64)


def _odd_texts(rows: Bytes, places: Sequence[Place]) -> list[tuple[Place, Mask]]:
    """Texts with a NUL before other characters; those that end in NUL where most end in blanks."""
    inner, tails, blanks, filled = {}, {}, 0, 0
    for place in places:
        cells = rows[:, place.start : place.start + place.length]
        blanks += int((cells[:, -1] == ord(" ")).sum())
        zero = cells == 0
        if zero.any():
            inner[place] = (zero[:, :-1] & ~zero[:, 1:]).any(axis=1)
            tails[place] = zero[:, -1] & ~inner[place]
            filled += int((tails[place] & ~zero[:, 0]).sum())
    return [(place, inner[place] | tails[place] if _BLANKS * filled < blanks else inner[place]) for place in inner]


def _runs(rows: Bytes) -> tuple[Rows, Rows]:
    """Where runs of zero bytes begin and end, across the borders of rows."""
    zero = np.concatenate([[False], rows.ravel() == 0, [False]])
    edges = np.flatnonzero(zero[1:] != zero[:-1])
    starts, stops = edges[::2], edges[1::2]
    long = stops - starts >= _RUN
    return starts[long], stops[long]


def _telling(rows: Bytes, places: Sequence[Place], starts: Rows, stops: Rows) -> Mask:
    """Runs that take in two whole values and more, one of them of a column that is zero nowhere else.

    Any column where the run is as long as a row or leads from one row into the next, else a date's.
    """
    count, width = rows.shape
    begin = np.array([p.start for p in places])
    end = begin + [p.length for p in places]
    first = starts // width * len(places) + np.searchsorted(begin, starts % width, "left")
    last = (stops - 1) // width * len(places) + np.searchsorted(end, (stops - 1) % width + 1, "right")
    several = last - first > 1
    if not several.any() or len(places) == 1:
        return np.zeros_like(several)
    zero = np.stack([_is_zero(rows, p) for p in places], axis=1)
    long = several & (stops - starts >= width)
    outside = ~_covered(first[long], last[long], zero.shape)
    never = ((zero & outside).sum(axis=0) == 0) & (outside & ~zero).any(axis=0)
    told = long & never.any()
    rest = several & ~long
    usual = (outside & ~zero).sum(axis=0)
    few = (zero & outside).sum(axis=0) <= max(1, count // _FEW)
    never = few & ((zero & outside & ~_covered(first[rest], last[rest], zero.shape)).sum(axis=0) == 0)
    crossing = starts // width != (stops - 1) // width
    dates = never & (usual >= _IN_ROW) & [p.is_date for p in places]
    for which, columns in ((rest, dates), (rest & crossing, never & (usual >= _ROWS))):
        sums = np.concatenate([[0], np.cumsum((zero & outside & columns).ravel())])
        told |= which & (sums[last] > sums[first])
    return told


def _is_zero(rows: Bytes, place: Place) -> Mask:
    return _words(rows, place) == 0 if place.length <= _WORD else ~rows[:, place.start : place.start + place.length].any(axis=1)


def _covered(first: Rows, last: Rows, shape: tuple[int, ...]) -> Mask:
    """Cells (counted row by row) from each `first` up to before its `last`."""
    steps = np.zeros(shape[0] * shape[1] + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, last, -1)
    return (np.cumsum(steps)[:-1] > 0).reshape(shape)
