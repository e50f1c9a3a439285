"""No column of a file is sorted without the columns beside it.

Why: a column that was sorted by itself in a spreadsheet gives each participant another one's value, and every value alone looks right.
In a file whose rows stand in the order of participants, ages, weights, sexes, drugs, events or ratings in their own order are no chance.
Site: compare the column with the source documents; send the file as it was before it was sorted.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.column_order"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The column stands in its own order in a file that stands in the order of participants: it may have been sorted by itself."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_subjects") >= evidence.column_sorted_min_participants.value
    many &= pl.col("n_orders_log") >= evidence.column_sorted_orders_log.value
    return pl.when(pl.col("how") == "sorted").then(~many)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which column."""
    return pl.format("{} of {}: {} rows in its order", pl.col("field"), pl.col("table_name"), pl.col("n_alike"))
