"""Sessions end after they start.

Why: one of the two is wrong; the start is kept, the end is withheld and the planned length stands in for the timing
category.
Site: check both times.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "session"
FIELD = "ended_at"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
COMPARES = True  # an end is not asked to lie after a start that is itself withheld
MESSAGE = "The session ends before it starts; the end is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("ended_at_utc") >= pl.col("started_at_utc")
