"""Every randomized subject has an arm.

Why: without it the row cannot be told from others or placed.
Site: add it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "randomization"
FIELD = "arm"
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "A field that every row needs is blank; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    unreadable = pl.col("arm_fault").is_not_null()
    return pl.when(~unreadable).then(pl.col("arm").is_not_null())
