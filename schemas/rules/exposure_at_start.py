"""The first exposure begins some minutes after the session does, where it does in all the site's other sessions.

Why: the session's start copied into the time of the exposure moves the lag that decides whether a dose was given more than 60 minutes
before it.
Site: check the time of the first exposure.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.exposure_delay"
FIELD = "exposure_started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The exposure begins with the session, unlike in the site's other sessions."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_sessions") >= evidence.exposure_min_sessions.value
    alone = (pl.col("n_at_start") == 1) | (100 * pl.col("n_at_start") <= evidence.exposure_at_start_max_pct.value * pl.col("n_sessions"))
    later = pl.col("usual_delay_min") >= evidence.exposure_later_min.value
    return pl.when(many & alone & later).then(pl.col("delay_min") != 0)
