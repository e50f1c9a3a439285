"""A value that was delivered stays delivered, or is replaced by another one.

Why: a blank is missing in every score and count; whether the site took the value back, or its export lost it, is not known.
Site: confirm that the value was taken back on purpose, or send it again.
Data manager: it stays open until the value is there again, or somebody waives it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.value"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "The record is still sent, and a value that it had in an earlier delivery is no longer there."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a change."""
    return pl.col("record_key").is_null()
