"""A participant's sessions lie on days of their own, where the site's do.

Why: two sessions on one day, at a site whose sessions are days apart, are most often one session recorded on the day of the next. Its
dose may have been written to that day as well, so that the lag looks right. Sites that hold several sessions a day are not asked.
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
MESSAGE = "Two sessions of the participant lie on one day, at a site whose sessions lie days apart."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("usual_days_apart") >= evidence.session_days_apart_min.value).then(pl.col("n_on_day") == 1)
