"""A delivery of additions replaces what it sends again.

Why: the site delivers changes (delta): the later row of a key is the one that counts.
Site: nothing to do.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "*"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "A later delivery sent this record again; that row counts."
DROPS = True  # the row goes to quarantine; a later delivery's row took its place


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("dup_kind").ne_missing("superseded")
