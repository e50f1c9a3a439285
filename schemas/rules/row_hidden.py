"""No row of data is hidden in a workbook.

Why: a hidden row is read like all others, and somebody may have hidden it to take it out. Where many rows are hidden a filter was left
on, and the file is told once (file_remark).
Site: say whether the row counts; delete it, or show it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "row_mark"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "A row of the workbook is hidden; it is read like all others."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every such row of the table is one."""
    return pl.col("kind") != "hidden"


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What is hidden."""
    return pl.when(pl.col("kind") == "hidden").then(pl.lit("the row is hidden in the workbook"))
