"""Find rows whose quotes or NUL bytes would spoil the rows around them, and take just those rows out.

What belongs here: following quotes through delimited text, fast where they are in order, exactly where they are not.
What does not: cutting rows into cells (delimited.py does that with pyarrow, on what this module leaves).

In order means RFC 4180: a quote opens a cell at its start, closes it at its end, and is doubled within it. A quote inside a cell
that is not quoted (5" tube) is text. Everything else is a row that is taken out: text after a closing quote, a quote never
closed, a NUL byte, and a quoted cell in which a whole row seems to stand: a later line of it has as many delimiters as a row
(of such a cell, every line that is not plainly a row is reported).
A delimiter before a space is punctuation there ("one, two"), unless the header too has a space after each delimiter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_SMALL, _LARGE = 4096, 4 * 2**20
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_SWALLOWED = "a quoted cell seems to hold a whole row: a quote is missing or too many"
_LF, _CR, _SPACE = 10, 13, 32

#: A row taken out leaves this behind, one cell too long on purpose, so that the numbers of the other rows stay true.
MARK = "\x01taken out "


@dataclass
class Tidy:
    """Text whose quotes are in order; `taken_out` says why for each mark, `inner_newlines` whether cells hold line ends."""

    body: bytes
    taken_out: list[str] = field(default_factory=list)
    inner_newlines: bool = False


@dataclass(frozen=True)
class Dialect:
    """Delimiter, quote and number of columns of one file; `spaced`: it writes a space after each delimiter."""

    delimiter: bytes
    quote: bytes
    columns: int
    spaced: bool = False


def tidy(body: bytes, dialect: Dialect) -> Tidy:
    """Take out the rows that cannot be trusted. Lines keep their number, and all other bytes stay as they are."""
    if (not dialect.quote or dialect.quote not in body) and b"\0" not in body:
        return Tidy(body)
    out = Tidy(b"")
    parts: list[bytes | memoryview] = []
    view = memoryview(body)
    array = np.frombuffer(body, np.uint8)
    start, size, clean_from = 0, _LARGE, 0
    while start < len(body):
        stop = min(start + size, len(body))
        good, trouble, inner = _scan(array, start, stop, dialect)
        out.inner_newlines |= inner
        if not trouble and good == start and stop < len(body):
            size *= 2  # one row longer than the piece looked at
            continue
        start = good
        if not trouble:
            size = min(size * 2, _LARGE)
            continue
        end, instead, inner = _one_row(body, start, dialect, out.taken_out)
        out.inner_newlines |= inner
        if instead is not None:
            parts += [view[clean_from:start], instead]
            clean_from = end
        start, size = end, _SMALL
    out.body = b"".join([*parts, view[clean_from:]]) if parts else body
    return out


def _at(array: npt.NDArray[np.uint8], value: int, start: int, stop: int) -> Ints:
    return np.flatnonzero(array[start:stop] == value) + start


def line_ends(array: npt.NDArray[np.uint8], start: int, stop: int) -> Ints:
    """Positions of the last byte of each line end: LF, CR LF or a CR alone."""
    ends = _at(array, _LF, start, stop)
    returns = _at(array, _CR, start, stop)
    if len(returns):
        following = array[np.minimum(returns + 1, len(array) - 1)]
        ends = np.sort(np.concatenate([ends, returns[(following != _LF) | (returns == len(array) - 1)]]))
    return ends


def _scan(array: npt.NDArray[np.uint8], start: int, stop: int, dialect: Dialect) -> tuple[int, bool, bool]:
    """Where the rows in order end, whether the row there is in trouble, and whether a cell before holds a line end.

    `start` is the start of a row. Quotes are counted: after an odd one we are inside a cell.
    """
    quotes = _at(array, dialect.quote[0], start, stop) if dialect.quote else np.zeros(0, np.int64)
    ends = line_ends(array, start, stop)
    inside = np.searchsorted(quotes, ends) % 2 == 1
    bad = [_first_wrong_quote(array, quotes, start, dialect), _first_swallowed(array, quotes, ends[inside], stop, dialect)]
    nul = _at(array, 0, start, stop)
    bad.append(int(nul[0]) if len(nul) else None)
    if stop == len(array) and len(quotes) % 2:
        bad.append(int(quotes[-1]))
    first = min((b for b in bad if b is not None), default=None)
    outside = ends[~inside]
    if first is not None:
        outside = outside[outside < first]
    good = int(outside[-1]) + 1 if len(outside) else start
    if first is None and stop == len(array):
        good = stop
    return good, first is not None, bool(np.any(inside & (ends < good)))


def _first_wrong_quote(array: npt.NDArray[np.uint8], quotes: Ints, start: int, dialect: Dialect) -> int | None:
    """First quote that opens within a cell or closes before its end; doubled quotes close and open at once."""
    if not len(quotes):
        return None
    edge = np.zeros(256, bool)
    edge[[dialect.delimiter[0], _LF, _CR]] = True
    adjacent = np.diff(quotes) == 1
    opening, closing = quotes[0::2], quotes[1::2]
    fine_open = edge[array[opening - 1]] | (opening == start)
    fine_open[1:] |= adjacent[1::2][: len(opening) - 1]
    last = len(array) - 1
    fine_close = edge[array[np.minimum(closing + 1, last)]] | (closing == last)
    doubled = adjacent[1::2]
    fine_close[: len(doubled)] |= doubled
    wrong = [int(p[~fine][0]) for p, fine in ((opening, fine_open), (closing, fine_close)) if not fine.all()]
    return min(wrong, default=None)


def _first_swallowed(
    array: npt.NDArray[np.uint8], quotes: Ints, inner: Ints, stop: int, dialect: Dialect
) -> int | None:
    """First quoted cell in which a line holds as many delimiters as a whole row."""
    if not len(inner) or dialect.columns < 2:
        return None
    delimiters = _at(array, dialect.delimiter[0], int(inner[0]), stop)
    if not dialect.spaced:
        delimiters = delimiters[array[np.minimum(delimiters + 1, len(array) - 1)] != _SPACE]
    closers = quotes[1::2]  # a doubled quote closes and opens again at once; it ends no cell
    closers = closers[array[np.minimum(closers + 1, len(array) - 1)] != dialect.quote[0]]
    closing = np.append(closers, stop)[np.searchsorted(closers, inner)]
    line_stop = np.minimum(np.append(inner[1:], stop), closing)
    held = np.searchsorted(delimiters, line_stop) - np.searchsorted(delimiters, inner)
    swallowed = inner[held >= dialect.columns - 1]
    return int(quotes[np.searchsorted(quotes, swallowed[0]) - 1]) if len(swallowed) else None


def _one_row(body: bytes, start: int, dialect: Dialect, taken_out: list[str]) -> tuple[int, bytes | None, bool]:
    """Read the row at `start` cell by cell: its end, what to put in its place (None: leave it), line ends in its cells."""
    cells, end, why = split_row(body, start, dialect)
    if why is None:
        text = body[start:end]
        closed = text.rstrip(b"\r\n")
        quote = dialect.quote
        if not any(quote in cell and not quoted for cell, quoted in cells):
            return end, None, False
        again = [quote + c.replace(quote, quote * 2) + quote if q or quote in c else c for c, q in cells]
        inner = any(b"\n" in c or b"\r" in c for c, _ in cells)
        return end, dialect.delimiter.join(again) + text[len(closed) :], inner
    lines = [m[0] for m in _LINE.finditer(body, start, end) if m[0]] if why is _SWALLOWED else [first_line(body, start)]
    return start + sum(map(len, lines)), _marks(lines, why, dialect, taken_out), False


def first_line(body: bytes, start: int) -> bytes:
    """The physical line at `start` with its end."""
    found = _LINE.match(body, start)
    return found[0] if found else b""


def _marks(lines: list[bytes], why: str, dialect: Dialect, taken_out: list[str]) -> bytes:
    """What is left of the lines of a row taken out: a mark each, so that every row they may have been is reported.

    Where each line between the first and the last is a row as it stands, these are kept: two stray quotes enclosed them.
    """
    between = lines[1:-1]
    rows = all(dialect.quote not in x and x.count(dialect.delimiter) == dialect.columns - 1 for x in between)
    out = []
    for place, line in enumerate(lines):
        if rows and 0 < place < len(lines) - 1:
            out.append(line)
            continue
        taken_out.append(why if place == 0 else "it stands within a quoted cell of a row before it")
        mark = f"{MARK}{len(taken_out) - 1}".encode() + dialect.delimiter * dialect.columns
        out.append(mark + line[len(line.rstrip(b"\r\n")) :])
    return b"".join(out)


def split_row(body: bytes, start: int, dialect: Dialect) -> tuple[list[tuple[bytes, bool]], int, str | None]:
    """Cells of the row at `start` (text, was it quoted), where the next row starts, and why it cannot be trusted."""
    cells: list[tuple[bytes, bool]] = []
    quote, edge = dialect.quote, re.compile(b"[" + re.escape(dialect.delimiter) + rb"\r\n]")
    at, doubt = start, False
    while True:
        quoted = bool(quote) and body.startswith(quote, at)
        if quoted:
            close = _closing(body, at + 1, quote)
            if close < 0:
                return cells, len(body), "a quote is opened and never closed"
            cell, at = body[at + 1 : close].replace(quote * 2, quote), close + 1
            if at < len(body) and not edge.match(body, at):
                return cells, len(body), "text follows a closing quote"
            doubt = doubt or _holds_a_row(cell, dialect)
        else:
            found = edge.search(body, at)
            stop = found.start() if found else len(body)
            cell, at = body[at:stop], stop
        cells.append((cell, quoted))
        if b"\0" in cell:
            return cells, len(body), "a cell holds a NUL byte"
        if body.startswith(dialect.delimiter, at):
            at += 1
            continue
        end = at + (2 if body.startswith(b"\r\n", at) else 1 if at < len(body) else 0)
        return cells, end, _SWALLOWED if doubt else None


def _closing(body: bytes, at: int, quote: bytes) -> int:
    """Position of the quote that closes the cell, doubled ones passed over; -1: none."""
    while (found := body.find(quote, at)) >= 0 and body.startswith(quote, found + 1):
        at = found + 2
    return found


def _holds_a_row(cell: bytes, dialect: Dialect) -> bool:
    if dialect.columns < 2:
        return False
    lines = re.split(rb"\r\n|\n|\r", cell)[1:]
    punctuation = b"" if dialect.spaced else dialect.delimiter + b" "
    return any(
        line.count(dialect.delimiter) - (line.count(punctuation) if punctuation else 0) >= dialect.columns - 1
        for line in lines
    )


def lines_of(body: bytes, dialect: Dialect, rows: Ints) -> Ints:
    """First physical line (0-based) of the given 1-based rows of tidy text; blank lines are no rows."""
    array = np.frombuffer(body, np.uint8)
    ends = line_ends(array, 0, len(array))
    quotes = _at(array, dialect.quote[0], 0, len(array)) if dialect.quote else np.zeros(0, np.int64)
    outside = np.flatnonzero(np.searchsorted(quotes, ends) % 2 == 0)
    first_line = np.concatenate([[0], outside + 1])
    start = np.concatenate([[0], ends[outside] + 1])
    start = np.minimum(start, max(len(array) - 1, 0))
    blank = (array[start] == _LF) | (array[start] == _CR)
    lines: Ints = first_line[~blank][rows - 1]
    return lines
