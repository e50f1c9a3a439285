"""Every subject has an age.

Why: the pediatric rules hang on it.
Site: send the age at consent.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "age_years"
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The age is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("age_years_fault").is_null()).then(pl.col("age_years").is_not_null())
