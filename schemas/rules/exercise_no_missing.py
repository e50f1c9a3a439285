"""Every rating has the number of its exercise.

Why: without it the row cannot be told from others or placed.
Site: add it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "rating"
FIELD = "exercise_no"
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "A field that every row needs is blank; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    unreadable = pl.col("exercise_no_fault").is_not_null()
    return pl.when(~unreadable).then(pl.col("exercise_no").is_not_null())
