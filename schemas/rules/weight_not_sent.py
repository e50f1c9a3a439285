"""Every subject of a site that sends weights has one.

Why: the dose per kilogram hangs on it. Where doses go by weight, the site is asked instead.
Site: send the weight at baseline, where it was taken.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "weight_kg"
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The weight is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    asked = pl.col("weight_asked") & ~pl.col("doses_by_weight") & pl.col("weight_kg_fault").is_null()
    return pl.when(asked).then(pl.col("weight_kg").is_not_null())
