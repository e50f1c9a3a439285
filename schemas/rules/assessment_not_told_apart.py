"""Two assessments of one instrument differ in visit or date.

Why: with the same visit and the same (or no) date they are one record to every reader; the one with most answers is published.
Site: correct visit or date, or delete one.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.PRIMARY
MESSAGE = "Another assessment has the same instrument, visit and date; only the one with most answers is published."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_told_apart")
