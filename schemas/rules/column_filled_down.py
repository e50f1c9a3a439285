"""No drug, event or day is the same from row to row over several participants, and no day goes up by one.

Why: a cell dragged down in a spreadsheet fills those below it with itself: every value alone looks right. Asked where the file stands in
the order of participants and the word is too rare in the other rows for such a run; a first of the month often stands for an unknown day.
A day dragged down may also be filled in series: a day more in each row.
Site: compare the rows with the source documents.
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
MESSAGE = "The value is the same, or a day more, in rows of several participants, one below the other: it may have been dragged down."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    people = pl.col("n_alike_subjects") >= evidence.column_filled_min_participants.value
    rare = pl.col("by_chance") <= evidence.column_filled_by_chance.value
    return pl.when(pl.col("how").str.starts_with("filled")).then(~(people & rare))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which column, over how many rows."""
    alike = pl.when(pl.col("how") == "filled").then(pl.lit("alike")).otherwise(pl.lit("a day apart"))
    return pl.format("{} of {}: {} rows {}", pl.col("field"), pl.col("table_name"), pl.col("n_alike"), alike)
