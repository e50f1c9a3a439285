"""A medication that is ongoing has no end date.

Why: either it ended or it goes on; after the end date sent, it is taken as undecided.
Site: take away the one that is wrong.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "medication"
FIELD = "ongoing"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A medication is marked ongoing and has an end date; after that date it is undecided whether it was taken."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("ongoing")).then(pl.col("ended_on").is_null())
