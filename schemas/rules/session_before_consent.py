"""No session is held before consent.

Why: either date may be the wrong one; both stay as sent.
Site: check both dates.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "session"
FIELD = "started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The attended session is dated before consent."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("attended")).then(pl.col("started_at_on") >= pl.col("consented_on"))
