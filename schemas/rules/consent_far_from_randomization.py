"""Randomization follows consent within weeks.

Why: a consent months before randomization has most often a wrong year; both dates stay as sent.
Site: check both dates.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "consented_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "Consent is dated long before randomization."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    days = (pl.col("randomized_on") - pl.col("consented_on")).dt.total_days()
    return days <= evidence.consent_to_randomization_max_days.value
