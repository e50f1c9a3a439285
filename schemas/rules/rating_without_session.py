"""Every rating's session is in the session table.

Why: an outcome without its session stands in no session-level analysis.
Site: send the session, or correct its number.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "rating"
FIELD = "session_no"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "The rating's session has no row in the session table that could be used."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("subject_known")).then(pl.col("session_listed"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Whether the session was sent at all."""
    return (
        pl.when(pl.col("session_set_aside")).then(pl.lit("the session was sent, but its row is in quarantine: see the finding there"))
        .otherwise(pl.lit("no row of this session was sent"))
    )  # fmt: skip
