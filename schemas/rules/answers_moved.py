"""The answers of a form stand under their own items.

Why: a form that was filled, or exported, one column to the right fits the participant's other forms only once its answers are moved back.
Site: compare the form with the paper, item by item.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_profile"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The answers fit the participant's other forms only when they are moved by one item."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    fits = (pl.col("own_moved") >= evidence.moved_own_min.value) & (pl.col("own_moved") - pl.col("own") >= evidence.moved_gain_min.value)
    return pl.when(pl.col("own_moved").is_not_null()).then(~fits)
