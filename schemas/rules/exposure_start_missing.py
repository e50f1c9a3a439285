"""A session that was held has the time of its first exposure, where the site records it of nearly all sessions of the kind.

Why: without it "more than 60 minutes before the exposure" is counted to the session's start, which is earlier; no table shows that.
Site: send the time of the first exposure, or tell us that there was none.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.exposure_gap"
FIELD = "exposure_started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "The session was held, but the time of its first exposure is blank, unlike in the site's other sessions."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_others") >= evidence.exposure_sent_min_sessions.value
    usual = 100 * pl.col("n_others_sent") >= evidence.exposure_sent_usual_pct.value * pl.col("n_others")
    return pl.when(many & usual & pl.col("exposure_fault").is_null()).then(pl.col("is_sent"))
