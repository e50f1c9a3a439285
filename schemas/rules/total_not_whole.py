"""A reported total of whole answers is a whole number.

Why: a 1.6 where a sum is due is most likely the mean of the items, and nothing else was sent to compare it with. Asked only where
no item was sent; a total beside its items is compared with them.
Site: say whether this is a sum or a mean, and send the sum. Data manager: give a mean to the parameter of the mean, where there is one.
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
MESSAGE = "The reported total is not a whole number, though it is a sum of whole answers; it may be a mean."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(~pl.col("is_mean") & (pl.col("n_answered") == 0)).then(pl.col("total") == pl.col("total").floor())
