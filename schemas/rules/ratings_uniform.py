"""A participant's fear ratings differ.

Why: nobody rates every begin, peak and end of many exercises with one number, or every exercise alike on 0-100; a default was never
changed, or the first exercise copied down; where two others of the site have that, two exercises are enough.
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
MESSAGE = "All exercises of the participant have the same fear ratings."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    beside = pl.col("n_same_others") >= evidence.ratings_same_others.value
    enough = pl.when(beside).then(evidence.ratings_same_beside.value).otherwise(evidence.ratings_same_min.value)
    same = pl.col("is_same") & (pl.col("n_ratings") >= enough)
    many = pl.col("n_ratings") >= evidence.suds_subject_min_ratings.value
    return pl.when(many | same).then((pl.col("lowest_suds") != pl.col("highest_suds")) & ~same)
