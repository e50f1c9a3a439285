"""Sessions last as long as sessions do.

Why: a session shorter or longer than the evidence file's limits is often a slip of start or end.
Site: check start and end.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "session"
FIELD = "ended_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The session is shorter or longer than sessions usually are."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    minutes = (pl.col("ended_at_utc") - pl.col("started_at_utc")).dt.total_seconds() / 60
    usual = minutes.is_between(evidence.session_min_length_min.value, evidence.session_max_length_min.value)
    return pl.when(minutes >= 0).then(usual)
