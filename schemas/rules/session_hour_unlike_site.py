"""No session begins hours before or after all sessions of the site's other participants.

Why: nine in the morning written as nine in the evening is a likely hour by itself, and where the dose is written so as well, the lag looks
right: both instants are half a day off. Asked where many participants tell when the site works; the small hours have a rule of their own.
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
MESSAGE = "The session begins hours before or after every session of the site's other participants."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    at, by = pl.col("started_h"), evidence.session_hour_beyond_h.value
    known = pl.col("n_people") >= evidence.session_hour_min_participants.value
    day = pl.col("started_hour").is_between(evidence.small_hours_from_h.value, evidence.day_from_h.value - 1).not_()
    return pl.when(known & day).then((at > pl.col("others_from_h") - by) & (at < pl.col("others_to_h") + by))
