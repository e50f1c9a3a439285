"""What every workbook has in common: which sheet, the header's rows, columns that are used, what a reader cannot see.

What belongs here: filled cells by row -> a table. What does not: a format's own cells (xlsx.py, xlsb.py, xls.py, ods.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.readers.cells import Cells, ReadOptions, column_names, finish, unreadable

#: Number of the sheet's row (1-based) and its filled cells: 0-based column -> text.
SheetRow = tuple[int, dict[int, str]]
#: First row, last row (1-based), first column, last column (0-based) of a merged range.
Merged = tuple[int, int, int, int]


@dataclass
class Seen:
    """What a person should know about the sheet, counted while reading."""

    hidden_rows: int = 0
    merged: list[Merged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


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
    columns = [pa.chunked_array([pa.array([cells.get(place) for _, cells in body], pa.string())]) for place in filled]
    below = [m for m in seen.merged if m[1] > last]
    if seen.hidden_rows:
        notes.append(f"{seen.hidden_rows} hidden row(s) are read like all others")
    if below:
        notes.append(f"{len(below)} merged range(s): the value stands in the first cell only")
    notes += seen.notes
    return finish(names, columns, np.array([number for number, _ in body], np.int64), options, notes)


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
