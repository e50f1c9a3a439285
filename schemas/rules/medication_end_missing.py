"""A medication that is no longer taken has an end date.

Why: without it nobody can say whether it was taken at a dose or at baseline, and those flags are U.
Site: send the end date, in part where only the month or the year is known.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "medication"
FIELD = "ended_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The medication is not ongoing, but its end date is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: ongoing, not known to have ended, or the site sends no end dates."""
    ended = pl.col("ongoing").not_() & pl.col("end_asked") & pl.col("ended_on_fault").is_null()
    return pl.when(ended).then(pl.col("ended_on").is_not_null())
