"""Every row of a file reaches an intake table.

Why: whatever else kept a row from its table (a blank key of a reshaped table, for example): it is set aside and told,
with the reason in the row's detail.
Site: look at the row.
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
MESSAGE = "The row reached no table; it is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    told = ["ragged_row", "unclaimed_row", "unclaimed_file", "unclaimed_sheet", "cut_row", "row_partly_read", "unknown_site", "arms_shown"]
    return pl.col("fault").is_in(told)
