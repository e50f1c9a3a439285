"""A column that was filled is still filled.

Why: a column that was renamed, with an empty one left under the old name, would empty a field of every record.
Site: tell us where the values are now. Data manager: correct the mapping, or accept the delivery with trialweave release-hold.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.field"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "A field that was filled is empty in every record of the newest delivery; it is held and the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """A field with values before has values now."""
    return (pl.col("filled_before") < pl.col("min_rows")) | (pl.col("filled") > 0)
