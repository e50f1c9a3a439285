"""The harmonization matrix: for every site and variable, whether it can be made from what the site maps and sends.

What belongs here: its columns and words, and which intake fields a published variable cannot do without (needs.csv). What does not:
making it (flows/engine/harmonization.py).

Practice: the harmonization potential of Maelstrom Research (Fortier et al. 2017, Int J Epidemiol 46:103-105): complete, impossible,
undetermined.
"""

from __future__ import annotations

import csv
from enum import StrEnum
from functools import cache
from pathlib import Path


class Potential(StrEnum):
    """Can the variable be made at this site? `undetermined`: a mapping or a delivery could still change the answer."""

    MAPPED = "MAPPED"
    UNDETERMINED = "UNDETERMINED"
    IMPOSSIBLE = "IMPOSSIBLE"


class Status(StrEnum):
    """How it stands: filled in some kept row; mapped and never filled; not mapped; declared not collected."""

    FILLED = "FILLED"
    EMPTY = "EMPTY"
    NOT_MAPPED = "NOT_MAPPED"
    NOT_COLLECTED = "NOT_COLLECTED"


POTENTIAL = {
    Status.FILLED: Potential.MAPPED, Status.EMPTY: Potential.UNDETERMINED,
    Status.NOT_MAPPED: Potential.UNDETERMINED, Status.NOT_COLLECTED: Potential.IMPOSSIBLE,
}  # fmt: skip


class Kind(StrEnum):
    """A field of an intake table, a variable of a published set, or a score (a PARAMCD of adqs)."""

    INTAKE = "INTAKE"
    SET = "SET"
    SCORE = "SCORE"


#: Name -> label, type, codes, whether it is of the key, meaning: one row a study, site, kind, dataset and variable.
COLUMNS: dict[str, tuple[str, str, str, bool, str]] = {
    "STUDYID": ("Study Identifier", "Text", "", True, "The trial."),
    "SITEID": ("Study Site Identifier", "Text", "", True, "The site."),
    "KIND": ("Kind of Variable", "Text", " ".join(Kind), True, "Field of an intake table, variable of a set, or score (PARAMCD)."),
    "DATASET": ("Intake Table or Set", "Text", "", True, "Intake table for INTAKE, published set for SET and SCORE."),
    "VARIABLE": ("Variable", "Text", "", True, "Field as site.yaml names it, published variable, or PARAMCD."),
    "LABEL": ("Label", "Text", "", False, "What it means."),
    "POTENT": ("Harmonization Potential", "Text", " ".join(Potential), False, "Whether it can be made at this site."),
    "STATUS": ("Status", "Text", " ".join(Status), False, "Filled, mapped and never filled, not mapped, declared not collected."),
    "NROWS": ("Rows", "Integer64", "", False, "Kept rows of the intake table, rows of the set or of the score."),
    "NFILLED": ("Rows With a Value", "Integer64", "", False, "Of these, rows with a value."),
    "REASON": ("Reason", "Text", "", False, "Why it is not filled; or the columns it is read from."),
}


@cache
def needs() -> dict[tuple[str, str], tuple[str, ...]]:
    """(set, variable) -> intake fields it cannot do without, as `table.field`; those of `*` hold for every variable of the set."""
    out: dict[tuple[str, str], tuple[str, ...]] = {}
    with (Path(__file__).parent / "needs.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            for variable in row["variables"].split():
                out[(row["dataset"], variable)] = tuple(row["needs"].split())
    return out
