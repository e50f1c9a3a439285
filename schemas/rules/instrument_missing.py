"""Every assessment names its instrument.

Why: without it the answers belong to no scale, and cannot be scored.
Site: add it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("form", "item")
FIELD = "instrument"
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "A field that every row needs is blank; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    unreadable = pl.col("instrument_fault").is_not_null()
    return pl.when(~unreadable).then(pl.col("instrument").is_not_null())
