"""A site writes down when each capsule was taken, not when it was due.

Why: participants take their capsules some minutes earlier or later. Where nearly all of a site's doses lie the same number of minutes
before their session, the planned time was copied, and the timing that the trial asks about is not known.
Site: say how the times were recorded; send the times at which the capsules were taken, or that they are planned ones.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_timing"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "Nearly all the site's doses lie the same number of minutes before their session; they may be planned times."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_timed") >= evidence.lags_alike_min_doses.value
    return pl.when(many).then(100 * pl.col("n_alike") < evidence.lags_alike_pct.value * pl.col("n_timed"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many."""
    return pl.format("{} of {} doses", pl.col("n_alike"), pl.col("n_timed"))
