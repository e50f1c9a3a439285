"""A file holds nothing that its reader takes as it stands although somebody may have meant something by it.

Why: rows and columns hidden in Excel are read like all others (a few hidden rows are asked about one by one), a merged cell has its
value in its first cell only, of several sheets the first is read, elements of a vendor's own are passed over, a code that is declared
missing may be a value of the scale, rows that `ignore_rows` leaves out may be filled like those that are read. Each is as it should be
until somebody has hidden rows to take them out, or really rated 99.
Data manager: look at the file once; name the sheet, leave rows out with `where`, or narrow `ignore_rows`.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "file_note"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The file holds something that was read as it stands, or passed over; the suggestion says what."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every remark of the table is one; doubts have their own rule."""
    return pl.when(~pl.col("is_doubt")).then(pl.col("note").is_null())


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What the reader noted; it names sheets, columns and elements, never a cell."""
    return pl.col("note")
