"""A table's `where` leaves out no cell that only this table reads.

Why: a row that `where` leaves out may be read by another table of the same file, and is then no unread row; its cells for this table
would vanish all the same.
Data manager: correct `where`; what means nothing in such a row belongs to `missing`.
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
MESSAGE = "Cells that only this table reads stand in a row that its `where` leaves out; they are set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "row_partly_read"
