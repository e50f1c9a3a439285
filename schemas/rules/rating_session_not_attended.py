"""Nobody rates fear in a session that was not attended.

Why: either the attendance or the session number is wrong.
Site: check both.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "rating"
FIELD = "session_no"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The rating belongs to a session that was not attended."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("session_attended")
