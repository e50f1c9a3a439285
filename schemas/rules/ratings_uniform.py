"""A participant's fear ratings differ.

Why: nobody rates every begin, peak and end of many exercises with one number; a default was never changed.
Site: check the ratings against the paper forms.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_rating"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "All fear ratings of the participant are the same number."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_ratings") >= evidence.suds_subject_min_ratings.value
    return pl.when(many).then(pl.col("lowest_suds") != pl.col("highest_suds"))
