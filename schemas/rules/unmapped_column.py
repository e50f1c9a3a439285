"""Every column of a file is read or expressly ignored.

Why: a column that nothing reads may be one that was renamed since the mapping was written.
Site: tell us what the column holds.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "file_column"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "No mapping reads this column; its content is in no set."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("used")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What to write; a column's name is no participant's value."""
    return pl.format('name it under fields, or write ignore_columns: ["{}"]', pl.col("column_name"))
