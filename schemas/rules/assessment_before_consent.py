"""An assessment does not lie before consent.

Why: study procedures begin with consent; most often one of the two dates is wrong.
Site: confirm both dates or correct one.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = "assessed_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "An assessment is dated before consent."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("assessed_on").is_not_null() & pl.col("consented_on").is_not_null()).then(
        pl.col("assessed_on") >= pl.col("consented_on")
    )
