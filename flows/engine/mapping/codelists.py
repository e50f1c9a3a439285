"""Code lists of the mapping: units, sex, and the few words that need no value map.

What belongs here: reading config/codelists/{units,sex,codes}.csv, the user's rows over the project's. What does not: drugs (coding.py).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.engine.config import PROJECT
from schemas.findings import ConfigurationError


@dataclass(frozen=True)
class UnitOf:
    """A unit of mass, weight or age: its one name, and what it is times factor in mg, kg or years."""

    name: str
    factor: float


@dataclass(frozen=True)
class Codelists:
    """Texts in lower case -> what they mean."""

    units: dict[str, dict[str, UnitOf]] = field(default_factory=dict)
    sex: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def unit(self, quantity: str, text: str) -> UnitOf | None:
        """The unit a text names, or None."""
        return self.units[quantity].get(text.strip().lower())


def read(folders: Sequence[Path] = ()) -> Codelists:
    """Read lists, those of later folders over those of earlier ones; of none: the project's. Raises ConfigurationError for a bad row."""
    out = Codelists()
    for folder in folders or (PROJECT / "codelists",):
        for row in _rows(folder / "units.csv", "text", "unit", "quantity", "factor"):
            if row["quantity"] not in ("mass", "weight", "age"):
                raise ConfigurationError(f"codelists/units.csv: quantity {row['quantity']!r} is none of mass, weight, age")
            unit = UnitOf(row["unit"], _number(row["factor"]))
            out.units.setdefault(row["quantity"], {})[row["text"].lower()] = unit
        for row in _rows(folder / "sex.csv", "text", "sex"):
            if row["sex"] not in ("M", "F", "U", "INTERSEX"):
                raise ConfigurationError(f"codelists/sex.csv: {row['sex']!r} is none of M, F, U, INTERSEX")
            out.sex[row["text"].lower()] = row["sex"]
        for row in _rows(folder / "codes.csv", "field", "text", "value"):
            out.codes.setdefault(row["field"], {})[row["text"].lower()] = row["value"]
    return out


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"codelists/units.csv: factor {text!r} is not a number") from None


def _rows(path: Path, *needed: str) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if not set(needed) <= set(reader.fieldnames or ()):
            raise ConfigurationError(f"codelists/{path.name} line 1: needs the columns {', '.join(needed)}")
        return [{name: (row[name] or "").strip() for name in needed} for row in reader]
