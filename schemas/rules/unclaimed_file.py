"""Every file of a delivery is read or expressly ignored.

Why: a file that no mapping reads may be one that was renamed, or one that is new.
Site: tell us what the file holds.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "loose_row"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "No table's mapping reads this file; it is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "unclaimed_file"
