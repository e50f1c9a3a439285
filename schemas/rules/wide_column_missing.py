"""A wide file has a column for every item of its questionnaire, and for every cell that its other sets of columns have.

Why: a column that was taken out or renamed is missing for every participant: scores would be prorated or lost row by row, and each
row would look like an item somebody skipped.
Site: send the column, or say what it is called now. Data manager: correct `wide.pattern`, if it was renamed.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "wide_file"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "The file lacks columns that its wide table should have; their cells are missing in every row."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated."""
    return pl.col("n_missing") == 0


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which are missing."""
    return pl.format("no column for {} of {}: {}", pl.col("n_missing"), pl.col("n_wanted"), pl.col("missing_names"))
