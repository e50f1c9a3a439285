"""A column that a site filled goes on being filled.

Why: an export that loses a column for new records, or a page that is no longer asked, leaves each new value missing, and each blank alone
is what a site may leave out. Asked where nearly every record has a value up to a day and all those since, over a month and of several
participants, have none, the new ones of the delivery among them. Not where the site fills the column late: records that were blank in the
delivery before are filled in this one.
Site: send the values, or say since when they are no longer recorded.
Data manager: it stays open until they are there, or somebody waives it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.field"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "A column that was filled is blank in all newer records."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a column (flows/engine/blank_since.py)."""
    return pl.col("record_key").is_null()
