"""The code lists of the published variables: what each code means. The table itself is codes.csv.

What belongs here: reading that table and finding the list of a variable. What does not: which codes a variable may have
(columns.csv), words that sites write for a code (config/codelists).

A variable's list is the one with exactly its codes; a list has an NCI code where it is, or is a part of, a CDISC code list.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class CodeList:
    """One list: its short name, its title, the NCI code of the CDISC list it is part of (or empty), code -> meaning in order."""

    name: str
    title: str
    nci: str
    terms: dict[str, str]


@cache
def code_lists() -> dict[str, CodeList]:
    """Every list by its name."""
    out: dict[str, CodeList] = {}
    with (Path(__file__).parent / "codes.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            out.setdefault(row["list"], CodeList(row["list"], row["title"], row["nci"], {})).terms[row["code"]] = row["label"]
    return out


def code_list(codes: tuple[str, ...]) -> CodeList | None:
    """The list of a variable that may have these codes; None where it has none. Raises KeyError for codes no list has."""
    if not codes:
        return None
    for found in code_lists().values():
        if set(found.terms) == set(codes):
            return found
    raise KeyError(f"schemas/codes.csv has no list of {' '.join(codes)}")
