"""The last answers of a questionnaire are not all the lowest, where those before them and those of the other visit are not.

Why: somebody who stops before the end leaves blanks. Written as 0 they are answers: the total is too low, and nothing is prorated or left
unscored. Asked where five answers and more at the end are the lowest, hardly any before them is, and most of the same answers at the visit
before (or after) are not.
Site: say whether the last questions were answered; if not, send them blank.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.score_jump"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The last answers of the primary outcome are all the lowest, unlike those before and at the visit beside; they may be blanks."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    rare = pl.col("by_chance") <= evidence.answers_stop_by_chance.value
    return ~(rare & (2 * pl.col("n_last_beside") <= pl.col("n_last")))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many."""
    return pl.format("the last {} answers; {} of them at the visit beside it", pl.col("n_last"), pl.col("n_last_beside"))
