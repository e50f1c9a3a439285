"""An assessment does not lie after the delivery.

Why: what had not happened when the export was made cannot be reported. The date is withheld, the answers go on.
Site: correct the date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("form", "item")
FIELD = "assessed_on"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The assessment is dated after the day of the delivery; the date is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("assessed_on").is_not_null()).then(pl.col("assessed_on") <= pl.col("latest_on"))
