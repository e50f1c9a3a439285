"""Rows with the same key say the same.

Why: when two rows of one key differ, the last one is not right for being last; all of them wait until the site
decides.
Site: say which of the rows holds.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "*"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Rows with this key differ from each other; all of them are set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("dup_kind").ne_missing("conflict")
