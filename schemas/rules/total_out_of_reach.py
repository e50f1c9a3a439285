"""The reported total of a form with unanswered items is one that answering them could give.

Why: a prorated score is no sum to compare a total with, but the total can be no further from it than the unanswered items allow. One
that is stands in a column that slipped, or belongs to another form.
Site: check the row: do the cells stand under their own headings?
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.total_check"
FIELD = "total"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The reported total cannot be reached with the items that were answered; the prorated score stands."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply (nothing prorated, or a mean)."""
    return pl.col("is_reachable")
