"""A snapshot holds the records of the snapshot before.

Why: an export that was cut at the end of a row reads as a whole one; participants and doses would vanish without a trace.
Site: send the whole export. Data manager: when the records are truly gone, accept it with trialweave release-hold.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.table"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "Records of the last good delivery are missing from the newest one; it is held and the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Records lost stay within the limits; none of a table that is now empty, or of the end of a file, is lost."""
    return ~pl.col("is_cut")
