"""A table that is mapped has rows.

Why: a file with its header only looks the same whether nothing has happened yet or the export failed.
Site: tell us whether there is nothing to send yet.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.table"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "The file of this table holds no row."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """A table of participants, sessions, doses, ratings or assessments has rows, and one of medications where many participants are."""
    return (pl.col("n") > 0) | ~pl.col("is_expected")
