"""A field that the form did not show holds no value.

Why: the form's own logic says that the question did not apply, and yet there is an answer: either the answer to the question before it
is wrong, or this one is a leftover of a correction. The value is kept as sent.
Site: correct whichever of the two is wrong; REDCap erases hidden values only when the form is saved.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "hidden_cell"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A field that the form's logic hides holds a value; it is kept as sent."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: hidden and blank; false: hidden and filled."""
    return ~pl.col("filled")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which column, of which table."""
    return pl.format("column {} (table {}): compare it with the answer that its branching logic names", "column_name", "table_name")
