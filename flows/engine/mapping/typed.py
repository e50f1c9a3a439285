"""Dates of files that store them as dates: their ISO text is read beside the formats a site declares.

What belongs here: the formats that are added. What does not: reading text by a format (dates.py), which files are such
(flows/readers/formats.py).

Why: whoever writes a mapping sees 05.03.2024 on the screen of Excel or SPSS and declares that format, but the file holds a day number,
which its reader writes as 2024-03-05. ISO text from such a file has one meaning only, so nothing is guessed; its text cells are read
by the declared formats too. A date column saved with a midnight (pandas does that) may be joined with a clock.
"""

from __future__ import annotations

import re

from flows.engine.mapping.shapes import FIELDS, Kind
from schemas.site import FieldSpec, IntakeTable, TableSpec

_ISO_DAY, _ISO_CLOCK, _MIDNIGHT = "%Y-%m-%d", "%H:%M:%S", "T00:00:00"
_PLAIN = (_ISO_DAY, f"{_ISO_DAY}T{_ISO_CLOCK}", f"{_ISO_DAY}T{_ISO_CLOCK}.%f")
_TIME = re.compile(r"%-?[HIRT]")


def with_iso(table: IntakeTable, spec: TableSpec) -> TableSpec:
    """The same mapping, its date formats followed by the ISO forms of a typed file."""
    kinds = {name: of.kind for name, of in FIELDS.get(str(table), {}).items()}
    fields = {name: _field(field, kinds.get(name)) for name, field in spec.fields.items()}
    return spec if fields == spec.fields else spec.model_copy(update={"fields": fields})


def _field(field: FieldSpec, kind: Kind | None) -> FieldSpec:
    joined = len(field.from_) > 1
    if kind not in (Kind.DATE, Kind.PARTIAL, Kind.INSTANT) or not (field.format or (joined and kind == Kind.INSTANT)):
        return field
    declared = field.format or (f"{_ISO_DAY} {_ISO_CLOCK}", f"{_ISO_DAY} %H:%M")
    formats = [*declared, *_PLAIN, *(mixed for made in declared if joined for mixed in _mixed(made))]
    return field.model_copy(update={"format": tuple(dict.fromkeys(formats))})


def _mixed(made: str) -> list[str]:
    """A day and a clock from two columns, of which one or both are stored as such."""
    found = _TIME.search(made)
    day = made[: found.start()].rstrip(" T") if found else ""
    if found is None or "%" not in day:
        return []
    clocks = (made[found.start() :], _ISO_CLOCK, f"{_ISO_CLOCK}.%f")
    return [f"{d} {c}" for d in (day, _ISO_DAY, f"{_ISO_DAY}{_MIDNIGHT}") for c in clocks]
