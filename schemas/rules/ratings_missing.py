"""A session that nearly everybody at the site has rated is rated.

Why: without its ratings the outcome of a session is unknown; a block of rows may be missing.
Site: send the ratings, or tell us that there were none.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.course_gap"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "Sessions were held that nearly everybody at the site has rated, and this participant has no rating of them."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("unrated_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which sessions."""
    return pl.format("session {}", pl.col("unrated_sessions"))
