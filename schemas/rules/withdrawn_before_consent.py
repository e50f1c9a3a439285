"""Nobody withdraws before consenting.

Why: either date may be the wrong one; both stay as sent.
Site: check both dates.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "disposition"
FIELD = "withdrawn_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The withdrawal is dated before consent."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("withdrawn_on") >= pl.col("consented_on")
