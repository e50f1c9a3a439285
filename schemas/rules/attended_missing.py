"""Every session says whether it was attended.

Why: doses are linked to attended sessions only, and a missed session is a deviation.
Site: say whether the participant came.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "session"
FIELD = "attended"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "It is not said whether the session was attended."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("attended_fault").is_null()).then(pl.col("attended").is_not_null())
