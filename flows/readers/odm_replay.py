"""The rows of an ODM document, as its transactions leave them.

What belongs here: Insert, Update, Upsert, Remove and Context applied in the order of the file; rows -> cells.
What does not: reading the document (odm.py).

A snapshot's instances are rows as they stand, the same key twice being two rows, which a rule judges. A transaction names its row by its
keys. What contradicts itself is told: a key inserted twice with other values is no row; a change of what the file does not hold is a doubt.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from flows.readers.cells import About, Cells, Ragged, ReadOptions, column_names, finish
from flows.readers.odm_definitions import Definitions

Key = tuple[tuple[str, str, str], ...]
_KEYS = ("StudyOID", "SubjectKey", "LocationOID", "StudyEventOID", "StudyEventRepeatKey", "FormOID", "FormRepeatKey", "ItemGroupOID",
         "ItemGroupRepeatKey")  # fmt: skip

#: Vendors' attributes by which a subject, event, form or group that was taken back stays in an export (OpenClinica).
_MARKS = {"Status": ("removed", "auto-removed", "invalid", "deleted"), "Removed": ("yes", "true", "1")}


@dataclass
class Row:
    """One instance. `items`: (groups within it, item) -> value, unit. `changes` are what its transaction does to an older row."""

    columns: dict[str, str]
    path: Key
    line: int
    transaction: str
    number: int = 0
    items: dict[tuple[Key, str], tuple[str | None, str | None]] = field(default_factory=dict)
    dropped: set[tuple[Key, str]] = field(default_factory=set)
    context: set[tuple[Key, str]] = field(default_factory=set)
    gone: list[Key] = field(default_factory=list)
    why: str = ""

    def take(self, inner: Key, oid: str, value: str | None, unit: str | None, transaction: str, said: bool) -> None:
        """One item of the instance."""
        place = (inner, oid)
        if transaction == "Remove":
            self.dropped.add(place)
            return
        if place in self.items and self.items[place] != (value, unit):
            self.why = f"item {oid} is given twice with different values"
        self.items[place] = (value, unit)
        if transaction == "Context":
            self.context.add(place)
        if transaction == "Context" and said and value is None:
            del self.items[place]

    def twice(self) -> str | None:
        """An item that two groups of the form hold with different values, which one column cannot show."""
        seen: dict[str, tuple[str | None, str | None]] = {}
        return next((item for (_, item), pair in self.items.items() if seen.setdefault(item, pair) != pair), None)


def is_removed(key: str, value: str) -> bool:
    """Does a vendor's attribute say that what it stands on was taken back?"""
    return ":" in key and value.lower() in _MARKS.get(key.rpartition(":")[2], ())


@dataclass
class Replay:
    """Rows so far, by number; `at`: key -> number, for what came as a transaction; `seen`: keys of every level, of any form or group;
    `columns`: likewise the attributes."""

    rows: dict[int, Row] = field(default_factory=dict)
    at: dict[Key, int] = field(default_factory=dict)
    seen: set[Key] = field(default_factory=set)
    columns: dict[str, None] = field(default_factory=dict)
    bad: list[Ragged] = field(default_factory=list)
    met: int = 0
    unknown: int = 0
    in_context: int = 0
    both: int = 0
    loose: int = 0
    removed: int = 0

    def remove(self, path: Key, *, inherited: bool) -> None:
        """Everything under this key is taken back."""
        under = [key for key in self.at if key[: len(path)] == path]
        if not under and not inherited and len(path) > 1 and path not in self.seen:
            self.unknown += 1
        for key in under:
            del self.rows[self.at.pop(key)]

    def apply(self, row: Row) -> None:
        """An instance was read to its end."""
        self.met += 1
        row.number = self.met
        if row.why:
            self.bad.append(Ragged(row.number, row.line, row.why))
            return
        if not row.transaction:
            self.unknown += len(row.dropped)
            self.rows[row.number] = row
            return
        old = self.rows.get(self.at.get(row.path, 0))
        if old is None:
            self._add(row)
        elif row.transaction == "Insert":
            if old.items != row.items:
                why = "the same keys are inserted twice with different values"
                self.bad += [Ragged(r.number, r.line, why) for r in (old, row)]
                del self.rows[self.at.pop(row.path)]
        else:
            self._change(old, row)

    def _add(self, row: Row) -> None:
        touched = set(row.items) - row.context
        if (row.transaction == "Update" or (row.transaction == "Context" and touched)) or row.dropped or row.gone:
            self.unknown += 1
        if row.transaction == "Context" and not row.items:
            return
        self.in_context += bool(row.context)
        self.rows[row.number] = row
        self.at[row.path] = row.number

    def _change(self, old: Row, row: Row) -> None:
        for inner in row.gone:
            for place in [p for p in old.items if p[0][: len(inner)] == inner]:
                del old.items[place]
        for place in row.dropped:
            self.unknown += old.items.pop(place, None) is None
        self.in_context += any(old.items.get(place) != row.items[place] for place in row.context & set(row.items))
        old.items |= row.items
        old.columns |= row.columns

    def cells(
        self, options: ReadOptions, definitions: Definitions, oid: str, sites: dict[tuple[str, str], str], notes: list[str]
    ) -> Cells:
        """The rows as text cells: keys, vendors' attributes, then the items in the order of their definition."""
        for row in [row for row in self.rows.values() if (item := row.twice()) is not None]:
            self.bad.append(Ragged(row.number, row.line, f"item {item} stands in two groups of it with different values"))
            del self.rows[row.number]
        rows = [row for number, row in sorted(self.rows.items()) if any(v is not None for v, _ in row.items.values())]
        if len(rows) < len(self.rows):
            notes.append(f"{len(self.rows) - len(rows)} instance(s) without a filled item are left out")
        if self.unknown:
            notes.append(f"{self.unknown} transaction(s) change or remove what the file does not hold, so it may be cut or one of a series")
        if self.both:
            notes.append(f"{self.both} item(s) are said to be null and hold a value all the same, which may be wrong")
        if self.removed:
            told = f"{self.removed} instance(s) are marked as removed by the vendor's Status of subject, event or form"
            notes.append(f"{told} and are read all the same, so they may be wrong here: leave them out with `where`")
        if self.loose:
            notes.append(f"{self.loose} item(s) hold text where their Value should be; it is not read, so blanks may be wrong")
        if self.in_context:
            notes.append(f"{self.in_context} instance(s) hold values sent as context only that differ or are new, so they may be wrong")
        keys = Counter(subject for _, subject in {(row.path[0][1], row.path[1][1]) for row in rows})
        if both := sum(n > 1 for n in keys.values()):
            told = f"{both} SubjectKey(s) stand under more than one StudyOID and are read as one participant each"
            notes.append(f"{told}, which may be wrong: keep one study with `where`")
        for row in rows:
            row.columns.setdefault("LocationOID", sites.get((row.path[0][1], row.path[1][1]), ""))
        there = {k for row in rows for k, value in row.columns.items() if value or k not in _KEYS}
        if not rows:  # the columns that it would have
            there = {"SubjectKey", *self.columns, *(("LocationOID",) if sites else ())}
        keys = [*(k for k in _KEYS if k in there), *sorted(there - set(_KEYS))]
        items = list(dict.fromkeys([*definitions.items_of(oid), *(item for row in rows for _, item in row.items)]))
        told = {(item, True) for row in rows for (_, item), (_, unit) in row.items.items() if unit is not None}
        wanted = [(item, is_unit) for item in items for is_unit in (False, True) if not is_unit or (item, True) in told]
        names = column_names([*keys, *(f"{item}.unit" if is_unit else item for item, is_unit in wanted)], notes)
        columns: list[list[str | None]] = [[row.columns.get(key) or None for row in rows] for key in keys]
        flat = [{item: pair for (_, item), pair in row.items.items()} for row in rows]
        columns += [[values.get(item, (None, None))[is_unit] for values in flat] for item, is_unit in wanted]
        about = {key: About(is_structure=True) for key in keys} | {item: definitions.about(item) for item in items}
        if "LocationOID" in about:
            about["LocationOID"] = About(labels={k: v for k, v in definitions.locations.items() if v}, is_structure=True)
        return finish(
            names,
            [pa.chunked_array([pa.array(column, pa.string())], pa.string()) for column in columns],
            np.array([row.number for row in rows], np.int64),
            options,
            notes,
            ragged=sorted(self.bad, key=lambda r: r.row),
            about=about,
        )
