"""Sessions follow one another as they do at the site.

Why: a last session a month after the one before, at a site with a session a week, has most often a wrong month; no later one shows it to
be out of order. Each session left out between the two counts as one held. Longer gaps are asked about by session_gap_long.
Site: check the dates of both.
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
MESSAGE = "The session lies several times as long after the one before it as is usual at the site."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    most = (evidence.session_gap_ratio.value * pl.col("usual_days_apart")).clip(lower_bound=evidence.session_gap_unlike_min_days.value)
    usual = pl.col("days_since_previous") <= evidence.session_gap_max_days.value
    return pl.when(usual).then(pl.col("days_a_number") < most)
