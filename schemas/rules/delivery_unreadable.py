"""A site's newest export can be fetched and read as its mapping says.

Why: a delivery that cannot be read must not pass for one that brought nothing new: the last good data are carried and age.
Data manager: the suggestion says what is in the way; correct the mapping, or ask the site for the export.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The newest delivery cannot be read; the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a delivery."""
    return pl.col("why").is_null()
