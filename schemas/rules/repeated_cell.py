"""A long table says each value once.

Why: rows of one test are laid together into one record; a row that repeats test and value adds nothing. Two different values of one
test are withheld (ambiguous_join).
Site: nothing to do, unless the repetition should have been another record.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "repeated_cell"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The row repeats a value that an earlier row of the same test and key has given; it adds nothing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a row."""
    return pl.col("record_key").is_null()
