"""A file is newer than the one before.

Why: a file that is byte for byte that of an earlier delivery, and not that of the last one, may be an older copy; or the one thing that was
new in it was taken back.
Site: confirm that the file is the newest, or send that one.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.file"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "A file of an earlier delivery came again in place of a newer one."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("n_files") >= evidence.hold_returned_files.value
