"""A participant's values that were sent once stay what they are.

Why: sites correct single values. Where most of a participant's values of a column, or of one form, are other ones at once, or all changes
follow one function, a scale was turned round, a clock or date moved, columns changed places, or they are those of another participant.
Each value alone looks right.
Site: tell us whether these values were corrected on purpose, and which are right.
Data manager: it stays open until the values are again what they were, or somebody waives it.
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
MESSAGE = "Many values of the participant changed in one way since an earlier delivery."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a change."""
    return pl.col("record_key").is_null()
