"""An assessment has answers enough for each of its scores.

Why: above the share of missing items that the instrument allows there is no score, and none is made up.
Site: send the missing answers, where they exist.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "Too many items are missing for one or more scores of this assessment."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("n_answered") > 0).then(pl.col("n_unscored") == 0)
