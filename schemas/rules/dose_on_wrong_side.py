"""A PRE dose is taken before its session starts, a POST dose after it ends.

Why: no trial dosed during a session (DOMAIN A1); the other side is a slip in a time or in the time point. The
category shows it as sent.
Site: check the times and the time point.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_timing"
FIELD = "dosed_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "A PRE dose lies after its session's start, or a POST dose before its end."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    before_end = (pl.col("lag_after_end_min") < 0).fill_null(False) | (pl.col("lag_to_start_min") > 0)
    pre = pl.when(pl.col("time_point") == "PRE").then(pl.col("lag_to_start_min") > 0)
    post = pl.when(pl.col("time_point") == "POST").then(~before_end)
    return pl.when(pl.col("is_timed")).then(pl.coalesce(pre, post))
