"""The peak is at least the begin and the end.

Why: peak is the highest fear of the exercise; a lower one is a slip. An end above the begin is a result and not asked
about.
Site: check the three ratings.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "rating"
FIELD = "peak_suds"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The peak is below the fear at the begin or at the end."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    highest = pl.max_horizontal("begin_suds", "end_suds")
    return pl.col("peak_suds") >= highest
