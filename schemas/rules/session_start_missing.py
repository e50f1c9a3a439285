"""Every attended session has its start.

Why: without it the timing of its doses is unknown; a clock time is never imputed.
Site: send date and clock time of the start.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "session"
FIELD = "started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "The session was attended, but its date or clock time of start is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    asked = pl.col("attended") & pl.col("started_at_fault").is_null()
    return pl.when(asked).then(pl.col("started_at_utc").is_not_null())
