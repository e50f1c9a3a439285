"""A medication does not end before it starts.

Why: one of the two dates is wrong, and which cannot be known: both are kept as sent, and every decision that depends on them is
U. Partial dates count only when the end lies before the start whatever the missing parts are.
Site: correct the wrong date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "ended_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A medication ends before it starts; both dates are kept as sent and decide nothing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("start_on").is_not_null() & pl.col("end_on").is_not_null()).then(~pl.col("ends_before_start"))
