"""Ages are those the trial includes.

Why: an age outside the protocol's range is a slip, or a participant who should not be in the trial.
Site: check the age.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "age_years"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The age is outside the range that the trial includes."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("age_years").floor().is_between(pl.col("age_from_years").fill_null(0), pl.col("age_to_years").fill_null(1e9))
