"""What a report may show: everything that is counted, or, where it is shareable, no cell of fewer participants than the small cell.

What belongs here: the decision on one number. What does not: where it stands on the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from flows.report.draw import Html

HIDDEN = Html('<span class="hidden-cell">hidden</span>')


@dataclass(frozen=True)
class Shown:
    """`few`: participants below which a shareable report hides a cell."""

    shareable: bool
    few: int

    def count(self, n: int, people: int | None = None) -> int | None:
        """A number, or None where it is hidden. `people`: the participants it counts; else it is itself such a count. 0 hides nobody."""
        held_by = n if people is None else people
        return None if self.shareable and n and held_by < self.few else n

    def cell(self, n: int, people: int | None = None) -> object:
        """A number for a table."""
        found = self.count(n, people)
        return HIDDEN if found is None else found

    def part(self, n: int, n_of: int) -> object:
        """`n of n_of (percent)`; hidden where the few with or the few without could be recognised."""
        if not n_of:
            return "none"
        if self.shareable and (n_of < self.few or 0 < n < self.few or 0 < n_of - n < self.few):
            return HIDDEN
        return f"{n} of {n_of} ({100 * n / n_of:.0f} %)" if n else f"none of {n_of}"

    def of(self, n: int, unit: str) -> str:
        """How many, for a caption; a shareable report tells no total from which a hidden cell could be worked out."""
        return "" if self.shareable else f"{n} {unit}. "
