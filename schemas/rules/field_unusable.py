"""The codes, dates and units of a field are written as they were.

Why: when the texts of a whole column change (ja/nein becomes 1/2), withholding them one by one would empty the field.
Site: tell us what the new texts mean. Data manager: add them to the field's mapping.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.field"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Many values of a field can no longer be read as they could before; the delivery is held and the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """The share of values withheld has not grown by more than the limit."""
    return (pl.col("unusable") < pl.col("min_rows")) | (pl.col("grown_pct") <= pl.col("max_unusable_pct"))
