"""A medication has a start.

Why: without one, whether it was taken at a dose is U unless it had surely ended before.
Site: send the date, or as much of it as is known.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "medication"
FIELD = "started_on"
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "A medication has no start date; what depends on it is undecided."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("started_on").is_not_null() | pl.col("started_on_fault").is_not_null()
