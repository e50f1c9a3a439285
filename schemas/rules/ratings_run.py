"""Ratings do not count up by one from row to row of the site's file.

Why: a cell dragged down in a spreadsheet fills those below it with one more each, and every value alone looks right. Six numbers that are
not of fives within eight rows, each above the last by as much as its row is below, are no people's.
Site: compare the ratings of these rows with the sheets.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.rating_odd"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The rating is one of several that count up by one from one row of the file to the next."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_counted")
