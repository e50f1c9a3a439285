"""Session numbers are those of the protocol.

Why: session 13 of a trial of 12 belongs to another session, or to another trial.
Site: correct the session number.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("session", "dose", "rating")
FIELD = "session_no"
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The session number is below 1 or above the protocol's last; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("session_no").is_between(1, pl.col("n_sessions"))
