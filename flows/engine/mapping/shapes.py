"""The fields of each intake table as a mapping names them, and what kind of text each is.

What belongs here: field name -> kind and column, which options a kind understands. What does not: parsing (fields.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.site import Clock, FieldSpec, FileOptions, TableSpec


class Kind(StrEnum):
    """What a field's text means."""

    ID = "identifier"
    TEXT = "free text"
    CODE_TEXT = "code"
    INTEGER = "whole number"
    NUMBER = "number"
    BOOLEAN = "boolean"
    WORD = "word of a list"
    DATE = "date"
    PARTIAL = "partial date"
    INSTANT = "date and time"
    DOSE = "dose"
    WEIGHT = "weight"
    AGE = "age"
    SUDS = "fear rating"
    ITEM = "item code"
    RATING = "item rating"


_READ = {"from", "from_", "const", "map", "pattern", "missing"}
_NUMBER = {"decimal", "thousands"}
_DATES = {"format", "pivot"}
_AMOUNT = _NUMBER | {"unit", "split_unit"}

#: Options a kind understands; any other would be ignored, so it is refused.
OPTIONS: dict[Kind, set[str]] = {
    Kind.ID: _READ | {"pad"},
    Kind.TEXT: _READ,
    Kind.CODE_TEXT: _READ | {"pad"},
    Kind.INTEGER: _READ | _NUMBER,
    Kind.NUMBER: _READ | _NUMBER,
    Kind.BOOLEAN: _READ,
    Kind.WORD: _READ,
    Kind.DATE: _READ | _DATES,
    Kind.PARTIAL: _READ | _DATES | {"partial"},
    Kind.INSTANT: _READ | _DATES | {"clock"},
    Kind.DOSE: _READ | _AMOUNT | {"times"},
    Kind.WEIGHT: _READ | _AMOUNT,
    Kind.AGE: _READ | _AMOUNT,
    Kind.SUDS: _READ | _NUMBER | {"scale"},
    Kind.ITEM: _READ,
    Kind.RATING: _READ | _NUMBER,
}


#: Kind of a field with a unit -> quantity of the code list of units.
QUANTITIES: dict[Kind, str] = {Kind.DOSE: "mass", Kind.WEIGHT: "weight", Kind.AGE: "age"}


@dataclass(frozen=True)
class FieldOf:
    """A field of an intake table: its kind, and the column it fills when that has another name."""

    kind: Kind
    column: str = ""
    words: str = ""


_ID = FieldOf(Kind.ID)
_TEXT = FieldOf(Kind.TEXT)
_PARTIAL = FieldOf(Kind.PARTIAL)
_NO = FieldOf(Kind.CODE_TEXT)

#: Intake table -> name in `fields:` -> what it is.
FIELDS: dict[str, dict[str, FieldOf]] = {
    "subject": {
        "subject_id": _ID,
        "age_years": FieldOf(Kind.AGE),
        "sex": FieldOf(Kind.WORD, words="sex"),
        "weight_kg": FieldOf(Kind.WEIGHT),
        "consented_on": FieldOf(Kind.DATE),
        "randomized_on": FieldOf(Kind.DATE),
    },
    "session": {
        "subject_id": _ID,
        "session_no": FieldOf(Kind.INTEGER),
        "attended": FieldOf(Kind.BOOLEAN),
        "started_at": FieldOf(Kind.INSTANT),
        "exposure_started_at": FieldOf(Kind.INSTANT),
        "ended_at": FieldOf(Kind.INSTANT),
    },
    "dose": {
        "subject_id": _ID,
        "session_no": FieldOf(Kind.INTEGER),
        "time_point": FieldOf(Kind.WORD, words="time_point"),
        "record_no": _NO,
        "taken": FieldOf(Kind.BOOLEAN),
        "dose": FieldOf(Kind.DOSE, "dose_mg"),
        "dosed_at": FieldOf(Kind.INSTANT),
    },
    "rating": {
        "subject_id": _ID,
        "session_no": FieldOf(Kind.INTEGER),
        "exercise_no": FieldOf(Kind.INTEGER),
        "begin": FieldOf(Kind.SUDS, "begin_suds"),
        "peak": FieldOf(Kind.SUDS, "peak_suds"),
        "end": FieldOf(Kind.SUDS, "end_suds"),
    },
    "medication": {
        "subject_id": _ID,
        "verbatim": _TEXT,
        "started_on": _PARTIAL,
        "ended_on": _PARTIAL,
        "ongoing": FieldOf(Kind.BOOLEAN),
        "dose_text": _TEXT,
        "indication": _TEXT,
        "record_no": _NO,
    },
    "assessment": {
        "subject_id": _ID,
        "instrument": FieldOf(Kind.WORD, words="instrument"),
        "visit": _TEXT,
        "assessed_on": FieldOf(Kind.DATE),
        "item": FieldOf(Kind.ITEM),
        "value": FieldOf(Kind.RATING),
    },
    "adverse_event": {
        "subject_id": _ID,
        "verbatim": _TEXT,
        "started_on": _PARTIAL,
        "severity": FieldOf(Kind.WORD, words="severity"),
        "serious": FieldOf(Kind.BOOLEAN),
        "related": _TEXT,
        "record_no": _NO,
    },
    "disposition": {
        "subject_id": _ID,
        "withdrawn_on": FieldOf(Kind.DATE),
        "reason": _TEXT,
        "scope": FieldOf(Kind.WORD, words="scope"),
    },
    "randomization": {"subject_id": _ID, "arm": _NO, "number": _NO},
}

#: Key fields that must be mapped: by the mapping, or by a column of the same name.
REQUIRED: dict[str, tuple[str, ...]] = {
    "subject": ("subject_id",),
    "session": ("subject_id", "session_no"),
    "dose": ("subject_id",),
    "rating": ("subject_id", "session_no", "exercise_no"),
    "medication": ("subject_id", "verbatim"),
    "assessment": ("subject_id",),
    "adverse_event": ("subject_id", "verbatim"),
    "disposition": ("subject_id",),
    "randomization": ("subject_id", "arm"),
}


@dataclass(frozen=True)
class Reading:
    """A field's way of reading after the table's and the site's defaults."""

    decimal: str
    missing: tuple[str, ...]
    pivot: int | None
    clock: Clock


def reading(spec: FieldSpec, table: TableSpec, defaults: FileOptions) -> Reading:
    """What holds for one field: its own word, else the table's, else the site's."""
    return Reading(
        decimal=spec.decimal or table.decimal or defaults.decimal,
        missing=tuple(dict.fromkeys((*spec.missing, *defaults.missing))),
        pivot=spec.pivot if spec.pivot is not None else defaults.pivot,
        clock=spec.clock if "clock" in spec.model_fields_set else defaults.clock,
    )


def merged_id(spec: FieldSpec | None, site: FieldSpec | None) -> FieldSpec:
    """The table's own subject_id over the site's: what the table says wins, the rest is the site's."""
    base = {name: getattr(site, name) for name in site.model_fields_set} if site else {}
    own = {name: getattr(spec, name) for name in spec.model_fields_set} if spec else {}
    if own.get("const") is not None:
        base.pop("from_", None)
    if own.get("from_"):
        base.pop("const", None)
    return FieldSpec.model_validate({{"from_": "from"}.get(k, k): v for k, v in (base | own).items()})
