"""A value taken from another table, or from rows of one test, is one value only.

Why: where the other table holds two different values for the row, choosing one would be a guess.
Site: remove the double entry in the other table.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Fault, Impact, Severity

TABLE = "*"
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Several different values were sent for this one cell (by a joined table, or by several rows of one test); none is taken."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.AMBIGUOUS_JOIN)))
