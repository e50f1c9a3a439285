"""What was recorded of a participant at the beginning stays as it was recorded.

Why: sex and date of randomization do not change; of age, weight and date of consent only single slips are corrected. A factor between two
units, day and month exchanged, one function for many participants, or most facts of one at once tell of an export that went wrong or of an
identifier that was given to somebody else.
Site: confirm the value, and tell us since when it is so.
Data manager: it stays open until the value is again what it was, or somebody waives it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.value"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "A fact about the participant is another one than in an earlier delivery."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a change."""
    return pl.col("record_key").is_null()
