"""A subject's data may be used.

Why: a participant who withdrew consent with removal is in no new release (DESIGN 9); every row of theirs is set
aside.
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
IMPACT = Impact.BOTH
MESSAGE = "The subject asked for removal of the data; the row is set aside."
DROPS = True  # the row goes to quarantine, as the participant asked
PER_SUBJECT = True  # one note a table, not one a row


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return ~pl.col("subject_removed")
