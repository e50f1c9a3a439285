"""A medication has an end, or is said to be ongoing or not.

Why: with both blank nobody knows until when it was taken; the flags that hang on it are U. Not noted where the site
sends no such answer at all, or declares that a blank end means ongoing.
Site: say whether it is still taken, or send the end.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "medication"
FIELD = "ongoing"
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "A medication has neither an end date nor a word on whether it is ongoing; what depends on it is undecided."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: an end or an answer that could not be read is told elsewhere."""
    readable = pl.col("ended_on_fault").is_null() & pl.col("ongoing_fault").is_null()
    asked = pl.col("end_asked") & pl.col("ongoing_asked") & ~pl.col("blank_is_ongoing").fill_null(False) & readable
    return pl.when(asked).then(pl.col("ended_on").is_not_null() | pl.col("ongoing").is_not_null())
