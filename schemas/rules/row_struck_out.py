"""No row or cell of a workbook is struck through.

Why: people strike out what is to count no more; a reader sees the same text in the cell, so that the row would count all the same.
Site: say whether the row still counts; delete it from the workbook, or take the line away.
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
MESSAGE = "A row of the workbook, or some of its cells, is struck through; it is read like all others."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every such row of the table is one."""
    return pl.col("kind") != "struck"


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What is struck through."""
    return pl.when(pl.col("columns") == "").then(pl.lit("the whole row")).otherwise(pl.format("column(s) {}", pl.col("columns")))
