"""A session that was held has its end, where the site records ends.

Why: without it the planned length stands in for the timing category of a dose after the session, which may be wrong; the length is unknown.
Site: send the end.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_check"
FIELD = "ended_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "The session was held, but its end is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    asked = (pl.col("n_compared") > 0) & pl.col("site_sends_ends") & pl.col("ended_at_fault").is_null()
    return pl.when(asked).then(pl.col("is_ended"))
