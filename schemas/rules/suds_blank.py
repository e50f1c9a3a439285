"""An exercise has its ratings, where hardly any of the site's is blank.

Why: a session without its first begin or last end has no outcome, and counts neither as successful nor as not; without the peak the
highest fear published is a lower one.
Site: send the rating, or confirm that it was not asked.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.rating_gap"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "A rating of the exercise is blank, unlike nearly all of the site's."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_rare").not_()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which ratings."""
    return pl.format("blank: {}", pl.col("blanks"))
