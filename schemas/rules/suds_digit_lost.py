"""A rating has all its digits.

Why: whoever rates in fives and tens does not rate 2 or 7. One such number of one digit, beside twenty and more ratings in fives, has
most likely lost a digit (25 typed as 2). A 5 that was 50 looks like a rating and is not asked about.
Site: check the ratings of this exercise.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.rating_odd"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "A rating has one digit and is not of fives, unlike all other ratings of the participant."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_off_step")
