"""What every workbook has in common: which sheet, the header's rows, columns that are used, what a reader cannot see.

What belongs here: filled cells by row -> a table. What does not: a format's own cells (xlsx.py, xlsb.py, xls.py, ods.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.readers.as_shown import Odd, settle
from flows.readers.cells import About, Cells, Mark, ReadOptions, column_names, finish, unreadable

#: Number of the sheet's row (1-based) and its filled cells: 0-based column -> text.
SheetRow = tuple[int, dict[int, str]]
#: First row, last row (1-based), first column, last column (0-based) of a merged range.
Merged = tuple[int, int, int, int]
#: Rows of a kind that are told one by one; where it is more and a larger share, the sheet is told once: somebody left a filter on.
_FEW, _SHARE = 20, 5


@dataclass
class Seen:
    """What a person should know about the sheet, counted while reading."""

    hidden_rows: int = 0
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)  # first and last, 0-based
    merged: list[Merged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: Rows of the sheet (1-based) and 0-based columns that are struck through, hidden (no column) or commented on (with the text).
    struck: dict[int, set[int]] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)
    comments: list[tuple[int, int, str]] = field(default_factory=list)
    #: Cells that show another thing than they hold.
    odd: Odd = field(default_factory=Odd)

    def hide(self, row: int, times: int = 1) -> None:
        """A row is hidden (or several from there on)."""
        self.hidden_rows += times
        self.hidden += range(row, row + min(times, _FEW + 1))

    def strike(self, row: int, place: int) -> None:
        """A filled cell is struck through."""
        self.struck.setdefault(row, set()).add(place)


def pick(path: Path, names: list[str], hidden: set[str], wanted: str | int | None, notes: list[str]) -> str:
    """The wanted sheet: by name, by number (1 = first), or the first one that is not hidden. Raises ReadError: no such sheet."""
    visible = [name for name in names if name not in hidden] or names
    if not names:
        raise unreadable(path, "the workbook has no sheet with cells", "export the table again")
    found: str | None
    if isinstance(wanted, str):
        found = next((n for n in names if n == wanted), None) or next((n for n in names if n.strip() == wanted.strip()), None)
    elif wanted is None:
        found = visible[0]
        if len(visible) > 1:
            notes.append(f"the workbook has {len(visible)} sheets and none is named; the first, {found!r}, is read")
    else:
        found = names[wanted - 1] if 1 <= wanted <= len(names) else None
    if found is None:
        raise unreadable(path, f"there is no sheet {wanted!r}; there are {names}", "correct `sheet` in the site's file")
    return found


def table(path: Path, sheet: str, rows: Iterable[SheetRow], seen: Seen, options: ReadOptions, notes: list[str]) -> Cells:
    """The sheet as text cells; `_row` counts sheet rows below the header, blank ones too. Raises ReadError: no header."""
    last = options.header_row + options.header_rows - 1
    headers: dict[int, dict[int, str]] = {}
    body: list[SheetRow] = []
    for number, cells in rows:
        if options.header_row <= number <= last:
            headers[number] = cells
        elif number > last and cells:
            body.append((number - last, cells))
    header = _header(headers, [m for m in seen.merged if m[0] <= last and m[1] >= options.header_row])
    if not header:
        raise unreadable(path, f"row {options.header_row} of sheet {sheet!r}, the header, is blank", "set header_row")
    filled = sorted(set(header).union(*(cells for _, cells in body)))
    names = column_names([header.get(place) for place in filled], notes, [place + 1 for place in filled])
    units = settle(body, seen.odd, last, dict(zip(filled, names, strict=True)), notes)
    columns = [pa.chunked_array([pa.array([cells.get(place) for _, cells in body], pa.string())]) for place in filled]
    below = [m for m in seen.merged if m[1] > last]
    if seen.hidden_rows:
        notes.append(f"{seen.hidden_rows} hidden row(s) are read like all others")
    covered = [name for place, name in zip(filled, names, strict=True) if any(a <= place <= b for a, b in seen.hidden_columns)]
    if covered:
        notes.append(f"hidden column(s) {', '.join(map(repr, covered))} are read like all others")
    if below:
        notes.append(f"{len(below)} merged range(s): the value stands in the first cell only")
    marks = _marks(seen, dict(body), dict(zip(filled, names, strict=True)), last, notes)
    notes += seen.notes
    about = {name: About(unit=unit) for name, unit in units.items()}
    return replace(finish(names, columns, np.array([number for number, _ in body], np.int64), options, notes, about=about), marks=marks)


def _marks(seen: Seen, body: dict[int, dict[int, str]], names: dict[int, str], last: int, notes: list[str]) -> tuple[Mark, ...]:
    """Rows of data that the sheet strikes through, hides or comments on."""
    struck = []
    for row, places in seen.struck.items():
        cells = body.get(row - last, {})
        # a row counts as struck through as a whole where at most one of its cells is not
        columns = () if len(cells) - len(places) <= 1 < len(cells) else tuple(names[p] for p in sorted(places) if p in names)
        struck.append(Mark(row - last, "struck", columns))
    of_cells: dict[tuple[int, int], list[str]] = {}
    for row, place, text in seen.comments:
        of_cells.setdefault((row, place), []).append(text)
    comments = [Mark(row - last, "comment", (names[p],) if p in names else (), "\n".join(t)) for (row, p), t in of_cells.items()]
    hidden = [Mark(row - last, "hidden") for row in seen.hidden]
    told: list[Mark] = []
    for several, said in ((struck, "struck through"), (hidden, ""), (comments, "commented on, and comments are not read")):
        several = [mark for mark in several if mark.row in body]
        if len(several) <= max(_FEW, len(body) // _SHARE):
            told += several
        elif said:
            notes.append(f"{len(several)} rows hold cells that are {said}; they are read like all others")
    return tuple(sorted(told, key=lambda mark: (mark.row, mark.kind, mark.columns)))


def _header(rows: dict[int, dict[int, str]], merged: list[Merged]) -> dict[int, str]:
    """Column -> its name, the texts of all header rows joined by a space; a merged cell heads every column it covers."""
    rows = {number: dict(cells) for number, cells in rows.items()}
    if len(rows) > 1:
        for first, end, left, right in merged:
            text = rows.get(first, {}).get(left)
            if text is not None and first == end:
                rows[first] |= {place: text for place in range(left, right + 1)}
    places = sorted(set().union(*rows.values())) if rows else []
    return {place: " ".join(rows[n][place].strip() for n in sorted(rows) if place in rows[n]) for place in places}
