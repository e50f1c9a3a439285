"""Every session up to a participant's last one has a record, where the site also records those not held.

Why: a row that got lost leaves no other trace where nothing was dosed or rated.
Site: send the session.
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
MESSAGE = "Sessions before the participant's last one have no record, although the site records sessions not held."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("missing_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which sessions."""
    return pl.format("session {}", pl.col("missing_sessions"))
