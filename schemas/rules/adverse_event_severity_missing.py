"""An adverse event has a severity.

Why: AESEV is MILD, MODERATE or SEVERE; a missing one stays missing.
Site: send it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "adverse_event"
FIELD = "severity"
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "An adverse event has no severity."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("severity").is_not_null() | pl.col("severity_fault").is_not_null()
