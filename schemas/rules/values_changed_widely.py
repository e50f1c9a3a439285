"""Of values that were sent once, single ones are corrected.

Why: where many values of a column are other ones, yet follow no function, no participant and no other column, the site most likely read
its records again. The newest values count, and somebody should know why.
Site: tell us why so many values were corrected.
Data manager: it stays open until the values are again what they were, or somebody waives it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.field"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "Many values of a column were corrected since an earlier delivery."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    few = pl.col("n_changed") < evidence.hold_recoded_values.value
    return few | (100 * pl.col("n_changed") <= evidence.hold_recoded_pct.value * pl.col("n_both")) | pl.col("is_alike")
