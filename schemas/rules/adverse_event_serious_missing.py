"""An adverse event says whether it was serious.

Why: seriousness decides what must be reported, and a blank is not a no. Asked where the site's mapping has the field.
Site: send yes or no.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "adverse_event"
FIELD = "serious"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "It is not said whether the adverse event was serious."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: the site does not send the field, or the row is no longer asked about."""
    return pl.when(pl.col("serious_asked")).then(pl.col("serious").is_not_null() | pl.col("serious_fault").is_not_null())
