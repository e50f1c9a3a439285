"""An assessment has a date.

Why: without it neither study day nor window can be told, and sessions cannot be followed by their next assessment.
Site: enter the date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = "assessed_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "An assessment has no date."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_undated")
