"""No dose is taken after withdrawal.

Why: it is a deviation, or one of the dates is wrong.
Site: check both dates.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_timing"
FIELD = "dosed_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The dose is dated after the withdrawal."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("taken")).then(pl.col("dosed_on") <= pl.col("withdrawn_on"))
