"""An adverse event row reports an event.

Why: "none" and a denied symptom are kept as rows without a term.
Site: nothing; it is noted.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.adverse_event"
FIELD = "verbatim"
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "An adverse event row reports no event; it is kept without a term."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_event")
