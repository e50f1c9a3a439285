"""No cell of data carries a comment (Excel's older name for it is note).

Why: what a comment says is read by nobody: that a value is a guess, belongs to another visit, or was corrected on paper.
Site: say whether the comment changes the value, and put what it says into the cell.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "row_mark"
FIELD = "said"
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "A cell of the workbook carries a comment; its value is read as it stands."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every such row of the table is one."""
    return pl.col("kind") != "comment"


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which cell."""
    return pl.format("column {}", pl.col("columns"))
