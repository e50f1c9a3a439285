"""Where doses go by weight, every subject has one.

Why: without it any of the trial's amounts must pass as planned.
Site: send the weight at baseline.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "weight_kg"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The weight is blank, but the trial doses by weight."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    asked = pl.col("doses_by_weight") & pl.col("weight_kg_fault").is_null()
    return pl.when(asked).then(pl.col("weight_kg").is_not_null())
