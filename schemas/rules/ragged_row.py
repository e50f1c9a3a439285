"""Every row has as many cells as its header.

Why: in a row that was cut or broken, no cell can be trusted to stand in its column.
Site: send the file again.
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
MESSAGE = "The row cannot be cut into the cells of its header; it is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "ragged_row"


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Why: how many cells there are, a NUL byte, a quote that is never closed."""
    return pl.col("detail")
