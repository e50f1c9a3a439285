"""A medication started in the participant's life.

Why: a date before it is a placeholder, a typing error, or the birth date of somebody else; it would make the medication a chronic one.
Site: check the date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "medication"
FIELD = "started_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The medication started before the participant was born, by the age given."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    year = pl.col("started_on").str.slice(0, 4).cast(pl.Int32, strict=False)
    return year >= pl.col("birth_year")
