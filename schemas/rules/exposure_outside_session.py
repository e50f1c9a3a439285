"""The first exposure starts within its session.

Why: the strict 60 minutes are counted to the exposure; an exposure outside its session is a slip in one of the times, and one that
starts with the session's end is most often the end in the wrong column.
Site: check the times.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "session"
FIELD = "exposure_started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The first exposure starts before the session's start, or not before its end."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    late = pl.col("exposure_started_at_utc") >= pl.col("ended_at_utc")
    real_end = pl.col("ended_at_utc") >= pl.col("started_at_utc")
    return (pl.col("exposure_started_at_utc") >= pl.col("started_at_utc")) & ~(late & real_end).fill_null(False)
