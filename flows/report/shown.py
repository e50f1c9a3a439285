"""What a report may show: everything that is counted, or, where it is shareable, no cell of fewer participants than the small cell.

A shareable report also rounds every other count to the nearest multiple of the small cell. Cells of the same rows stand in many tables and
charts of the page (taken doses by amount, by minute, by lag; sites and their totals): with exact numbers a hidden one could be worked out
by subtraction, with rounded ones it cannot.

What belongs here: the decision on one number. What does not: where it stands on the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from flows.report.draw import Html

HIDDEN = Html('<span class="hidden-cell">hidden</span>')
#: The same where numbers stand above and below.
HIDDEN_COUNT = Html('<span class="hidden-cell hidden-count">hidden</span>')


@dataclass(frozen=True)
class Shown:
    """`few`: participants below which a shareable report hides a cell."""

    shareable: bool
    few: int

    def count(self, n: int, people: int | None = None) -> int | None:
        """A number, or None where it is hidden. `people`: the participants it counts; else it is itself such a count. 0 hides nobody."""
        if not self.shareable:
            return n
        held_by = n if people is None else people
        return None if n and abs(held_by) < self.few else self.rounded(n)

    def rounded(self, n: int) -> int:
        """A number as it may be told: to the nearest multiple of the small cell."""
        return round(n / self.few) * self.few if self.shareable else n

    def cell(self, n: int, people: int | None = None) -> object:
        """A number for a table."""
        found = self.count(n, people)
        return HIDDEN_COUNT if found is None else found

    def part(self, n: int, n_of: int) -> object:
        """`n of n_of (percent)`; hidden where the few with or the few without could be recognised."""
        if not n_of:
            return "none"
        if self.shareable and (n_of < self.few or 0 < n < self.few or 0 < n_of - n < self.few):
            return HIDDEN
        n, n_of = self.rounded(n), self.rounded(n_of)
        return f"{n} of {n_of} ({100 * n / n_of:.0f} %)" if n else f"none of {n_of}"

    def share(self, n: int, n_of: int) -> str:
        """A percentage for a caption."""
        found = self.part(n, n_of)
        return "hidden" if found is HIDDEN else f"{100 * self.rounded(n) / self.rounded(n_of):.0f} %"

    def of(self, n: int, unit: str) -> str:
        """How many, for a caption; a shareable report tells no total from which a hidden cell could be worked out."""
        return "" if self.shareable else f"{n} {unit}. "
