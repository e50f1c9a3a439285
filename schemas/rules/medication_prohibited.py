"""A medication is not of a class that the trial prohibits.

Why: the trial file lists the classes, and may ask for a washout of some. One that had surely ended before the first dose (and its
washout) is history and not asked about. The medication is kept; where it surely was taken during dosing or washout, a deviation
stands beside this query.
Site: confirm drug and dates.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "A medication is of a class that the trial prohibits."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_prohibited") | pl.col("is_over_before_dosing")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.concat_str([pl.col("ingredient"), pl.lit(" ("), pl.col("class"), pl.lit(")")])
