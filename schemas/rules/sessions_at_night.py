"""A participant's sessions are held by day.

Why: where most sessions of a participant begin at night, the clock is most likely of another zone (UTC taken for local time, AM for PM).
Lags stay right when the dose is written in the same clock, dates and instants do not.
Site: tell us which clock the times are written in.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_clock"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "Most of the participant's sessions begin at night."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_sessions") >= evidence.night_min_sessions.value
    return pl.when(many).then(2 * pl.col("n_at_night") <= pl.col("n_sessions"))
