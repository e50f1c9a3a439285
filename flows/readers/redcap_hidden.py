"""Cells of a REDCap export whose field its form did not show, by the data dictionary's branching logic.

What belongs here: which row a field's name means (events, repeats), which cells are hidden. What does not: the logic's language
(redcap_logic.py), the export itself (redcap.py).

A name means the field in the same row; in a row of a repeating instrument it means, for a field of another form, the row outside repeats
of the same record and event. A field of a repeating instrument named from outside it is not known. Cells of a form of which nothing was
filled in are not hidden: the form was not opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from flows.readers.cells import HIDDEN, ROW
from flows.readers.redcap_dictionary import Dictionary, Field, box
from flows.readers.redcap_logic import Logic, NotUnderstood, Ref, Value, parse

EVENT, REPEAT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
#: Kinds that hold a value whether or not the form shows them, or none at all.
_UNIQUE = re.compile(r"[a-z0-9_]+_arm_\d+[a-z]*")
_COMPUTED = ("calc", "descriptive")


@dataclass
class _Rows:
    """The export's columns as lists, and the way from a row to the row outside repeats."""

    columns: dict[str, list[str | None]]
    size: int
    record: str
    forms: dict[str, str]
    repeating: set[str]
    doubtful: frozenset[str]

    def __post_init__(self) -> None:
        repeat, instance = self._keys(REPEAT), self._keys(INSTANCE)
        self.form_of_row = [self.forms.get(r or "", r or "") for r in repeat]
        records, events = self._keys(self.record), self._keys(EVENT)
        self.place = list(zip(records, events, [i if not r else "" for r, i in zip(repeat, instance, strict=True)], strict=True))
        self.outside = {place: n for n, (place, r) in enumerate(zip(self.place, repeat, strict=True)) if not r}

    def _keys(self, name: str) -> list[str]:
        return [v or "" for v in self.columns.get(name, [None] * self.size)]

    def values(self, ref: Ref, dictionary: Dictionary) -> Sequence[Value]:
        """What a name means in each row; None where that is not known."""
        if ref.field == "event-name":
            return [v if v and _UNIQUE.fullmatch(v) else None for v in self.columns.get(EVENT, [None] * self.size)]
        field = dictionary.fields.get(ref.field)
        column = ref.field if not ref.code else box(ref.field, ref.code)
        if field is None or column not in self.columns or column in self.doubtful or (field.kind == "checkbox") is not bool(ref.code):
            return [None] * self.size
        cells, blank = self.columns[column], "0" if ref.code else ""
        out: list[Value] = []
        for n, form in enumerate(self.form_of_row):
            at: int | None = n if form == field.form else None
            if ref.event:
                at = self.outside.get((self.place[n][0], ref.event, ""))
            elif field.form not in self.repeating and form != field.form:
                at = self.outside.get((*self.place[n][:2], "")) if form else n
            out.append(None if at is None or (ref.event and field.form in self.repeating) else (cells[at] or blank))
        return out


def hidden_cells(
    table: pa.Table, dictionary: Dictionary, titles: dict[str, str], doubtful: Iterable[str], notes: list[str]
) -> pa.Table | None:
    """One row a hidden cell: `_row`, `column`, `filled` (it holds a value all the same). None where no logic hides anything.

    `titles`: what a label export calls a form -> its name; `doubtful`: columns that may hold codes or labels.
    """
    with_logic = [f for f in dictionary.fields.values() if f.shown_if and f.kind not in _COMPUTED and not f.is_computed]
    if not with_logic or dictionary.record_id not in table.column_names:
        return None
    logics: dict[str, Logic | None] = {}
    for one in with_logic:
        if one.shown_if not in logics:
            try:
                logics[one.shown_if] = parse(one.shown_if)
            except NotUnderstood:
                logics[one.shown_if] = None
    unknown = sum(logics[f.shown_if] is None for f in with_logic)
    if unknown:
        notes.append(f"the branching logic of {unknown} field(s) is beyond what is understood; they count as shown")
    columns = {name: table[name].to_pylist() for name in table.column_names if name != ROW}
    repeat = [titles.get(r or "", r or "") for r in columns.get(REPEAT, [])]
    rows = _Rows(columns, table.num_rows, dictionary.record_id, titles, set(repeat) - {""}, frozenset(doubtful))
    found: dict[str, list[object]] = {name: [] for name in HIDDEN.names}
    numbered = table[ROW].to_pylist()
    opened = {form: _opened(rows, dictionary, form) for form in {f.form for f in with_logic}}
    hides: dict[tuple[str, str], list[bool]] = {}
    for one in with_logic:
        logic = logics[one.shown_if]
        here = [c for c in _columns(one) if c in columns]
        if logic is None or not here:
            continue
        key = (one.shown_if, one.form)
        if key not in hides:
            hides[key] = _hides(rows, dictionary, logic, opened[one.form])
        for n in (n for n, hidden in enumerate(hides[key]) if hidden):
            for column in here:
                value = columns[column][n]
                found[ROW].append(numbered[n])
                found["column"].append(column)
                found["filled"].append(value is not None and not (one.kind == "checkbox" and value == "0"))
    return pa.table(found, HIDDEN) if found[ROW] else None


def _columns(field: Field) -> list[str]:
    return [box(field.name, code) for code in field.choices] if field.kind == "checkbox" else [field.name]


def _opened(rows: _Rows, dictionary: Dictionary, form: str) -> list[bool]:
    """Rows of a form in which anything of it is filled; a box that is not ticked and the status Incomplete are nothing."""
    mine = [n for n in rows.columns if dictionary.form_of(n) == form and n != dictionary.record_id]
    zero_is_blank = {n for n in mine if dictionary.is_checkbox(n) or n == f"{form}_complete"}
    out = []
    for n, of_row in enumerate(rows.form_of_row):
        is_here = of_row == form if form in rows.repeating else not of_row
        out.append(is_here and any(rows.columns[c][n] not in ((None, "0") if c in zero_is_blank else (None,)) for c in mine))
    return out


def _hides(rows: _Rows, dictionary: Dictionary, logic: Logic, opened: list[bool]) -> list[bool]:
    """Row by row; each different set of values is asked once."""
    values = [rows.values(ref, dictionary) for ref in logic.refs]
    known: dict[tuple[Value, ...], bool] = {}
    out = []
    for n, is_open in enumerate(opened):
        at = tuple(v[n] for v in values)
        if is_open and at not in known:
            known[at] = logic.hides(dict(zip(logic.refs, at, strict=True)))
        out.append(is_open and known[at])
    return out
