"""No session of a participant has all the ratings of another one.

Why: many ratings do not come out the same twice by chance; a row or a block was copied from another session.
Site: check both sessions against the paper forms.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_rating"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "All ratings of a session are those of another session of the participant."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("copied_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which sessions are alike."""
    return pl.format("session {}", pl.col("copied_sessions"))
