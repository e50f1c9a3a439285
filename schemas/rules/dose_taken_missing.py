"""Every dose says whether it was taken.

Why: only doses known to be taken are counted.
Site: say whether the capsule was taken.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "dose"
FIELD = "taken"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "It is not said whether the dose was taken."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("taken_fault").is_null()).then(pl.col("taken").is_not_null())
