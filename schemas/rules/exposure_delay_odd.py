"""The first exposure begins about as long after the session's start as it usually does at the site.

Why: the lag to the exposure decides whether a dose was given more than 60 minutes before it. A clock hour typed wrong stays inside the
session; at a site that begins exposures at about the same minute it stands out.
Site: check the time of the first exposure, and the session's start.
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
MESSAGE = "The exposure begins much earlier or later in the session than it usually does at the site."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_sessions") >= evidence.exposure_min_sessions.value
    regular = pl.col("spread_min") <= evidence.exposure_spread_max_min.value
    far = (pl.col("delay_min") - pl.col("usual_delay_min")).abs() >= evidence.exposure_off_min.value
    return pl.when(many & regular).then(~far)
