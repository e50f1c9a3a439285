"""A rating of change is not given at baseline.

Why: there is nothing yet to have changed; the rating is of another visit, or of another scale (severity for change).
Site: correct the visit or the instrument.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A rating of change was given at the baseline visit, where there is no change to rate."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("of_change") & (pl.col("n_answered") > 0)).then(~pl.col("is_baseline_visit"))
