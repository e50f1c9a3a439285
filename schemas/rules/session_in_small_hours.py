"""No session begins in the small hours.

Why: 1 to 5 o'clock in the afternoon written without p.m. is 1 to 5 o'clock in the night; where the dose is written so as well, the lag
looks right and the instants are half a day off. A session around midnight may have been so.
Site: check the clock times of the session and of its dose.
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
MESSAGE = "The session begins in the small hours; its clock times may lack p.m."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    hour = pl.col("started_hour")
    return (hour < evidence.small_hours_from_h.value) | (hour >= evidence.day_from_h.value)
