"""Every dose taken has its date and clock time.

Why: dose timing is what the trials are about; a clock time is never imputed. Trials without sessions are not asked.
Site: send date and clock time.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "dose"
FIELD = "dosed_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "The dose was taken, but its date or clock time is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    asked = pl.col("taken") & (pl.col("n_sessions") > 0) & pl.col("dosed_at_fault").is_null()
    return pl.when(asked).then(pl.col("dosed_at_utc").is_not_null())
