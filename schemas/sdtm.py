"""The SDTM-shaped domains an export can have: their variables with label, type and core status. The table itself is sdtm.csv.

What belongs here: reading that table. What does not: how a domain is filled (sql/6_sdtm), writing it (flows/exports).

Labels and core (Req, Exp, Perm) are those of CDISC SDTMIG 3.4.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class SdtmVariable:
    """One variable of a domain; `type` as in schemas.columns.TYPES."""

    name: str
    label: str
    type: str
    core: str
    is_key: bool


@dataclass(frozen=True)
class Domain:
    """One domain: two-letter code, title, variables in order."""

    code: str
    title: str
    variables: tuple[SdtmVariable, ...]


@cache
def domains() -> dict[str, Domain]:
    """Every domain by its code."""
    titles: dict[str, str] = {}
    found: dict[str, list[SdtmVariable]] = {}
    with (Path(__file__).parent / "sdtm.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            titles[row["domain"]] = row["title"]
            variable = SdtmVariable(row["variable"], row["label"], row["type"], row["core"], row["key"] == "Y")
            found.setdefault(row["domain"], []).append(variable)
    return {code: Domain(code, titles[code], tuple(of)) for code, of in found.items()}
