"""An adverse event has a start.

Why: without one, whether it began after the first dose is U.
Site: send the date, or as much of it as is known.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "adverse_event"
FIELD = "started_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "An adverse event has no start date; whether it came after the first dose is undecided."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("started_on").is_not_null() | pl.col("started_on_fault").is_not_null()
