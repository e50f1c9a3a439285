"""A session has as many exercises as nearly all of the site's.

Why: a row of ratings that was lost leaves the session whole, numbered as it should be, with the end of an earlier exercise for its own.
Asked where nearly all of the site's sessions have one number of exercises, and hardly any has fewer; where the numbers vary nothing tells.
Site: send the exercise, or confirm that it was left out.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_exercise"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "The session has fewer exercises than nearly all of the site's; the last may be lost."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: numbered otherwise or with a row set aside, which is told as such, or not short."""
    few = (pl.col("n_short") == 1) | (pl.col("n_short") * 100 <= evidence.exercise_short_pct.value * pl.col("n_sessions"))
    return pl.when(pl.col("is_numbered") & pl.col("n_short").is_not_null()).then(~few)
