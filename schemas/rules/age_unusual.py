"""Ages are those of people who come to a trial.

Why: an age above the evidence file's limit is possible, and a common code for "missing" (99). A trial that names its own ages is held to
those as well. Kept as sent.
Site: check the age.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "age_years"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The age is rare in a trial; it may be a code for missing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("age_years") <= evidence.age_usual_max_years.value
