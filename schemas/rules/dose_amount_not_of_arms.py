"""The amount of a dose taken is one of the trial's own.

Why: a dose above 250 mg is legitimate where the protocol has such an arm; an amount no arm has (for this weight,
where it is known) is a slip or a deviation.
Site: check the amount and its unit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_timing"
FIELD = "dose_mg"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The amount is not one of the trial's arms."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("taken")).then(pl.col("is_of_arms"))
