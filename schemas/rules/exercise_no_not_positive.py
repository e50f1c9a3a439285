"""Exercises are numbered from 1.

Why: a number of 0 or below cannot be put in order.
Site: correct the number.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "rating"
FIELD = "exercise_no"
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.PRIMARY
MESSAGE = "The exercise number is below 1; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("exercise_no") >= 1
