"""A reported total lies within the scale.

Why: it is not used where it would have to stand for missing items.
Site: correct the total.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.total_check"
FIELD = "total"
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.PRIMARY
MESSAGE = "The reported total is outside what the scale allows."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_in_scale")
