"""At most one dose is taken at a session and time point.

Why: a second one is a deviation, a double entry with another time, or belongs to another session.
Site: check session, time point and time.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_timing"
FIELD = "session_no"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "This is the second or a later dose taken at the same session and time point."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("nth_of_time_point") <= 1
