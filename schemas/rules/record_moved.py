"""A record stays with its participant.

Why: a record that is no longer sent of one participant and comes, with the same texts, of another one was given to the wrong person, then
or now.
Site: tell us whose record it is.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.record"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "The record was sent of another participant before."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a change."""
    return pl.col("record_key").is_null()
