"""A record that was delivered stays delivered.

Why: a snapshot is the whole truth, so a record that is no longer in it is taken out of the sets; whether the site meant that is not known.
Site: confirm that the record was deleted on purpose, or send it again.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.record"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "The record was in the last good delivery and is no longer sent; it has left the analysis sets."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a record."""
    return pl.col("record_key").is_null()
