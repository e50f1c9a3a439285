"""A site sends the fields and tables that the other sites of its trial send.

Why: a field that a mapping leaves out is no error of any row, and no row can be asked about it. But where the exposure's start is not
mapped the time from dose to exposure falls back to the session's, without seriousness no event is serious, and without "ongoing" nobody
knows what was taken at a dose; without the table of doses nobody took one. Asked where nearly all of at least three other sites have
values, and the site has rows but none.
Data manager: look for the column in the export, an ignored one, too; waive this where the site does not collect it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.sites"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "No row of the site has a value of a field, or it has no table, that nearly every other site of its trial sends."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a sign (flows/engine/beside.py)."""
    return pl.col("record_key").is_null()
