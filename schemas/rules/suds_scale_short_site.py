"""Ratings declared on 0-10 pass 8.

Why: a site that reaches 8 often and never passes it rates on 0-8; each rating would be a fifth too low. Nothing is converted.
Site: say which scale was used.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_rating"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The ratings were declared on 0-10 but look like 0-8."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("scale") == "0-10") & (pl.col("n_ratings") >= evidence.short_min_ratings.value)
    return pl.when(many).then((pl.col("n_above_8") > 0) | (pl.col("n_at_8") < evidence.zero_min_zeros.value))
