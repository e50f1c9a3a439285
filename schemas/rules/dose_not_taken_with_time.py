"""A dose that was not taken has no clock time.

Why: a time says that the capsule was swallowed; either the time or the answer is wrong, and with the answer no the dose counts nowhere.
Site: check whether it was taken.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "dose"
FIELD = "taken"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "The dose is said not to be taken, but has a clock time."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(~pl.col("taken")).then(pl.col("dosed_at_utc").is_null())
