"""A fear of zero is a rating.

Why: where many exercises end at 0 and hardly any just above it, 0 may stand for "not rated", and would make a success of each.
Site: say whether 0 was rated; if it means missing, it will be read so.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_rating"
FIELD = "end_suds"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Fear ends at zero in many exercises and just above it in hardly any; zero may be a code for missing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_ends") >= evidence.zero_min_ratings.value) & (pl.col("n_zero") >= evidence.zero_min_zeros.value)
    return pl.when(many).then(pl.col("n_zero") < evidence.zero_ratio.value * pl.col("n_low"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many."""
    return pl.format("{} exercises end at 0, {} at 1 to 15", pl.col("n_zero"), pl.col("n_low"))
