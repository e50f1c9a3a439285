"""A dose lies not many hours outside the trial's own window.

Why: a slip in the hour puts a dose hours away from where the protocol has it, still within half a day of the session; the deviation
alone asks nobody.
Site: check the time of the dose and of the session.
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
MESSAGE = "The dose lies hours outside the trial's window."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    known = pl.col("is_timed") & pl.col("window_lag_min").is_not_null() & pl.col("window_to_min").is_not_null()
    return pl.when(known).then(pl.col("window_lag_min") <= pl.col("window_to_min") + evidence.dose_far_from_window_min.value)
