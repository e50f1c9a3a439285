"""Cells of a workbook that show another thing than they hold, among cells that do not: read as they are shown.

What belongs here: what the cells of one column say about each other. What does not: one number format (number_formats.py), the cells
themselves (the readers of workbooks).

Excel keeps a number and shows a text: 110 with a format that adds "lb" among kilograms, 0.5 as 50%, 1 March for a month that was typed as
Mar-24, 5 November of the year in which somebody typed 11-5. Read as the number that is kept, each is a wrong value that looks right. Where
all of a column is shown one way, its author mapped what it holds, and it is read so.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from flows.readers.moments import as_known
from flows.readers.number_formats import NumberFormat

#: A formula whose result the workbook does not hold, read as this text.
NO_VALUE = "#NO VALUE"

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ISO = re.compile(r"\d{4}-(\d{2})-(\d{2})")
_WRITTEN = re.compile(r"\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}\b")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: The last day that may as well be a month; so many dates do not all lie on one side of it by chance.
_LAST, _ENOUGH = 12, 3

Body = list[tuple[int, dict[int, str]]]


@dataclass
class Odd:
    """Cells of a sheet, by column, then row of the sheet: which number format they have, where it shows another thing."""

    formats: dict[int, dict[int, NumberFormat]] = field(default_factory=dict)
    #: Columns that hold dates stored as such.
    dated: set[int] = field(default_factory=set)

    def add(self, row: int, place: int, shown: NumberFormat) -> None:
        """One filled cell that holds a number."""
        if shown.part or shown.words:
            self.formats.setdefault(place, {})[row] = shown
        if shown.kind in ("date", "datetime"):
            self.dated.add(place)


def settle(body: Body, odd: Odd, below: int, names: dict[int, str], notes: list[str]) -> dict[str, str]:
    """Change the cells of `body` that are to be read as they are shown; `below`: rows of the sheet above the data.

    Gives the words that a whole column's numbers are shown with, by its name.
    """
    rows, units = dict(body), dict[str, str]()
    for cells in rows.values():
        if all(text == NO_VALUE for text in cells.values()):
            cells.clear()  # formulas filled down beyond the data
    for place, formats in sorted(odd.formats.items()):
        mine = {row - below: shown for row, shown in formats.items() if place in rows.get(row - below, {})}
        _dates(rows, place, mine)
        if usual := _words(rows, place, mine):
            units[names[place]] = usual
            notes.append(f"column {names[place]!r} shows its numbers with {usual!r}, which is not read")
    for place in sorted(odd.dated & names.keys()):
        _turned(rows, place, names[place], notes)
    return units


def _dates(rows: dict[int, dict[int, str]], place: int, formats: dict[int, NumberFormat]) -> None:
    """A month or year that was typed; a day whose year Excel made up, among dates that show theirs."""
    for part in ("month", "year"):
        mine = [row for row, shown in formats.items() if shown.part == part]
        for row, text in zip(mine, as_known([rows[row][place] for row in mine], part), strict=True):
            rows[row][place] = text or ""
    yearless = [row for row, shown in formats.items() if shown.part == "yearless"]
    dates = sum(1 for cells in rows.values() if place in cells and _ISO.match(cells[place])) if yearless else 0
    for row in yearless if 2 * len(yearless) < dates else ():
        found = _ISO.match(rows[row][place])
        if found:
            rows[row][place] = f"{int(found[2])} {_MONTHS[int(found[1]) - 1]}"


def _words(rows: dict[int, dict[int, str]], place: int, formats: dict[int, NumberFormat]) -> str:
    """Numbers shown with other words than most of the column are read so; gives the words of most."""
    worded = {row: shown for row, shown in formats.items() if shown.words}
    if not worded:
        return ""
    met = Counter(shown.words for shown in worded.values())
    met[""] = sum(1 for row, cells in rows.items() if row not in worded and place in cells and _NUMBER.fullmatch(cells[place]))
    usual, _ = max(sorted(met.items()), key=lambda pair: pair[1])
    for row, shown in worded.items():
        if shown.words != usual:
            rows[row][place] = shown.shown(rows[row][place])
    return usual


def _turned(rows: dict[int, dict[int, str]], place: int, name: str, notes: list[str]) -> None:
    """Dates that a program made of text in its own order of day and month: those it could read are stored, all others are still text."""
    stored, written = Counter[bool](), Counter[bool]()
    for cells in rows.values():
        text = cells.get(place, "")
        if found := _ISO.match(text):
            stored[int(found[2]) > _LAST] += 1
        elif found := _WRITTEN.match(text):
            written[max(int(found[1]), int(found[2])) > _LAST] += 1
    if stored[False] >= _ENOUGH and written[True] >= _ENOUGH and not stored[True] and not written[False]:
        notes.append(
            f"column {name!r}: {stored[False]} dates are stored as dates, none after the 12th, and {written[True]} are text, all after it: "
            f"a program read day and month the other way round, so the stored ones may be wrong"
        )
