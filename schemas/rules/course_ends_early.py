"""Who stays away for good has withdrawn.

Why: sessions that end before the protocol's last, long before the site's records or the participant's own visits end, without a withdrawal:
the row of the withdrawal is missing, or those of the sessions.
Site: send the withdrawal, or the sessions.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.course_gap"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "The participant's sessions end before the protocol's last, and no withdrawal is recorded."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("ends_early")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which session is the last one."""
    return pl.format("the last session recorded is {}", pl.col("last_no"))
