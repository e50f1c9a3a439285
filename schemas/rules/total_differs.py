"""A reported total is what the items add up to.

Why: the computed score stands and the reported one is kept beside it; the difference is most often a slip in adding or one
wrong item. Not asked of prorated scores. A reported mean may be rounded to one decimal.
Site: check items and total.
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
MESSAGE = "The reported total is not what the items add up to; the computed one stands."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_equal")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How far the two are apart, and what the reported one would be right for."""
    apart = pl.format("reported minus computed: {}", pl.col("total_diff"))
    return apart + pl.when(pl.col("looks_like").is_not_null()).then(pl.format("; it is {}", pl.col("looks_like"))).otherwise(pl.lit(""))
