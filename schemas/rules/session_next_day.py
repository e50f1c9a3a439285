"""Sessions a week apart are not held on days that follow each other.

Why: at a site with a session a week, one the day before the next is most often written to the wrong week; its dose may have been written
to that week as well, so that the lag looks right. Sites that hold sessions every few days are not asked.
Site: check the dates of both sessions and of their doses.
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
MESSAGE = "The session is held the day after another one, at a site whose sessions lie about a week apart."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    weekly = pl.col("usual_days_apart") >= evidence.session_week_apart_min.value
    return pl.when(weekly & (pl.col("days_a_number").is_not_null())).then(pl.col("days_since_previous") != 1)
