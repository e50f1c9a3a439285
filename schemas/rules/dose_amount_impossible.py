"""A dose that was taken is above 0 and at most 1,000 mg.

Why: 1 g a day is the most that tuberculosis treatment gives (evidence file: dose_impossible_mg). The dose stays: a
capsule was still taken.
Site: check amount and unit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "dose"
FIELD = "dose_mg"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The amount of a dose taken is zero, negative or above the most ever given; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    possible = (pl.col("dose_mg") > 0) & (pl.col("dose_mg") <= evidence.dose_impossible_mg.value)
    return pl.when(pl.col("taken").fill_null(True)).then(possible)
