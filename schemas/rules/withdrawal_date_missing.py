"""Every withdrawal has its date.

Why: doses and sessions after it cannot be told without it.
Site: send the date of withdrawal.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "disposition"
FIELD = "withdrawn_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The date of withdrawal is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("withdrawn_on_fault").is_null()).then(pl.col("withdrawn_on").is_not_null())
