"""A date reads the same in every declared format that fits it.

Why: 03/04/2024 is 3 April or 4 March; where a column declares two formats that both fit and differ, neither is
chosen.
Site: agree on one format for the column.
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
MESSAGE = "The text fits two declared formats that read differently; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.AMBIGUOUS_FORMAT)))
