"""Ages are those of people.

Why: a negative age or one above the evidence file's limit is a slip or a missing code that was not declared.
Site: correct the age.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "age_years"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The age is negative or above what people reach; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("age_years").is_between(0, evidence.age_max_years.value)
