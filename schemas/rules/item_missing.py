"""Every answer of a long questionnaire names its item.

Why: without it nobody knows what was answered.
Site: add it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "item"
FIELD = "item"
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "A field that every row needs is blank; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    unreadable = pl.col("item_fault").is_not_null()
    return pl.when(~unreadable).then(pl.col("item").is_not_null())
