"""The rows that a mapping leaves out at the end of a file are no data.

Why: `skip_end` and `end_at` leave out totals and notes. Where a row behind the end names a participant and is filled like the rows
before it, the end is declared wrong, or the site has left its totals out this time.
Data manager: correct `skip_end` or `end_at`.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "loose_row"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The mapping leaves this row out at the end of the file, but it looks like data; it is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "cut_row"
