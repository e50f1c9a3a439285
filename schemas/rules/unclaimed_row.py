"""Every row of a file is read by some table.

Why: a row that no mapping reads would vanish; it is set aside instead and told.
Site: tell us what kind of row it is; it will be read, or left out on purpose.
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
MESSAGE = "The row is of no kind of record that is read; it is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "unclaimed_row"
