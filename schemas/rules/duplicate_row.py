"""A record is sent once.

Why: the same row twice says nothing new; the first is kept.
Site: nothing to do, or remove the repetition.
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
MESSAGE = "The same row was sent before; this one is left out."
DROPS = True  # the row goes to quarantine, but nothing is lost: another row says the same


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("dup_kind").ne_missing("same")
