"""Every dose taken has its amount.

Why: the cumulative dose is unknown as soon as one amount is.
Site: send amount and unit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "dose"
FIELD = "dose_mg"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The dose was taken, but its amount is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    asked = pl.col("taken") & pl.col("dose_mg_fault").is_null()
    return pl.when(asked).then(pl.col("dose_mg").is_not_null())
