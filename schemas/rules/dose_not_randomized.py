"""Doses are taken by randomized subjects, from the day of randomization on.

Why: a dose without or before randomization is a slip in one of the dates.
Site: check the date of randomization.
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
MESSAGE = "The dose was taken by a subject without a date of randomization, or before it."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    before = (pl.col("dosed_on") < pl.col("randomized_on")).fill_null(False)
    return pl.when(pl.col("taken")).then(pl.col("randomized_on").is_not_null() & ~before)
