"""Columns that hold many rows side by side: which column is which cell of which row.

What belongs here: matching the pattern of `wide` over a header, and the unnesting. What does not: typing the cells.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

from flows.engine.mapping.sqltext import is_filled, lit
from schemas.findings import ConfigurationError, ReadError
from schemas.site import Wide


@dataclass(frozen=True)
class Slots:
    """Matched columns: `rows[n]` is (texts of the groups, cell name -> place in the header)."""

    groups: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], dict[str, int]], ...]
    is_items: bool

    @classmethod
    def of(cls, label: str, header: tuple[str, ...], wide: Wide) -> Slots:
        """Match the whole name of every column. Raises ReadError when none matches, ConfigurationError when two are one cell."""
        pattern = re.compile(wide.pattern)
        found = [(i, match.groupdict()) for i, name in enumerate(header) if (match := pattern.fullmatch(name))]
        if not found:
            raise ReadError(f"{label}: none of {len(header)} columns matches wide.pattern {wide.pattern!r}")
        in_item = template_groups(wide.item) if wide.item else set()
        groups = tuple(g for g in pattern.groupindex if g not in in_item and g != "column")
        clash = sorted(set(groups) & set(header))
        rows: dict[tuple[str, ...], dict[str, int]] = {}
        names: dict[str, None] = {}
        for place, texts in found:
            name = item_code(label, wide.item, texts, header[place]) if wide.item else texts.get("column") or "value"
            row = rows.setdefault(tuple(texts[g] or "" for g in groups), {})
            if name in row:
                raise ConfigurationError(f"{label}: columns {header[row[name]]!r} and {header[place]!r} are both {name!r}")
            row[name] = place
            names[name] = None
        clash += [] if wide.item else sorted((set(names) & set(header)) | (set(names) & set(groups)))
        if clash:
            raise ConfigurationError(f"{label}: wide.pattern makes columns {clash}, but there are columns of that name already")
        return cls(groups, tuple(names), tuple(rows.items()), wide.item is not None)

    @property
    def melts(self) -> bool:
        """Whether a source row becomes several: not when all columns are the items of one questionnaire."""
        return not self.is_items or bool(self.groups)

    def holds(self, name: str) -> bool:
        """Whether a field can use this name: a group, or (but for items) a cell."""
        return name in self.groups or (not self.is_items and name in self.names)

    def column(self, name: str) -> str:
        """Its column after unnesting."""
        return f"g{self.groups.index(name)}" if name in self.groups else f"s{self.names.index(name)}"

    def places(self) -> list[int]:
        """Places in the header of every matched column."""
        return sorted({place for _, row in self.rows for place in row.values()})

    def cells(self) -> list[str]:
        """Columns of all cells after unnesting."""
        return [f"s{i}" for i in range(len(self.names))]

    def sql(self, source: str, needed: Iterable[str]) -> str:
        """One row for each set of cells; those that are blank altogether are no rows."""
        structs = []
        for number, (texts, row) in enumerate(self.rows):
            parts = [f"'melt': {number}", *(f"'g{i}': {lit(t)}" for i, t in enumerate(texts))]
            parts += [f"'s{i}': " + (f"c{row[n]}" if n in row else "cast(null as varchar)") for i, n in enumerate(self.names)]
            structs.append("{" + ", ".join(parts) + "}")
        carried = "unit, study, site, delivery_no, source_file, file_no, source_row"
        left = "".join(f", {c}" for c in needed)
        unnested = f"select * exclude (w), unnest(w) from (select *, unnest([{', '.join(structs)}]) as w from ({source}))"
        cells = ", ".join(["melt", *(f"g{i}" for i in range(len(self.groups))), *self.cells()])
        return f"select {carried}{left}, {cells} from ({unnested}) where {is_filled(self.cells())}"


def template_groups(template: str) -> set[str]:
    """The groups an item template is made of."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def item_code(label: str, template: str, texts: dict[str, str | None], column: str) -> str:
    """The item code of a column: groups of digits are numbers, the result is in capitals."""
    values = {k: int(v) if v is not None and v.isascii() and v.isdigit() else v for k, v in texts.items()}
    try:
        return template.format(**values).upper()
    except (KeyError, ValueError, IndexError):
        raise ConfigurationError(f"{label}: wide.item {template!r} cannot be made of column {column!r}") from None
