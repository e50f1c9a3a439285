"""An assessment lies within the window of its visit.

Why: the label says which visit it is; outside the window it is kept as sent, asked about, and a protocol deviation.
Site: confirm the date or correct it.
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
MESSAGE = "The assessment lies outside the window of its visit."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("out_of_window")
