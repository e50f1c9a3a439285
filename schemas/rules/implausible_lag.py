"""A dose lies within 12 hours of its session.

Why: a dose further away is not that session's dose (evidence file: implausible_lag_min); its timing is UNKNOWN.
Site: check date and time of the dose and the session.
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
MESSAGE = "The dose lies more than half a day from its session's start."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    known = pl.col("lag_to_start_min").is_not_null() & pl.col("taken").fill_null(True)
    return pl.when(known).then(pl.col("lag_to_start_min").abs() <= evidence.implausible_lag_min.value)
