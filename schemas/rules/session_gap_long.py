"""Sessions follow one another as a course of treatment does.

Why: a session more than the evidence file's days after the one before it (the first one held: after randomization) has most often a
wrong month or year, or the one before it has.
Site: check the dates of both.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_check"
FIELD = "started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The session lies unusually long after the one before it, or after randomization."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("days_since_previous") <= evidence.session_gap_max_days.value
