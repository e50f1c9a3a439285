"""Every dose's session is in the session table.

Why: without the session's row the timing is unknown (NO_SESSION); the dose stays.
Site: send the session, or correct its number.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_timing"
FIELD = "session_no"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "The dose names a session that has no row in the session table that could be used."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    named = (pl.col("link") == "SENT") & pl.col("taken").fill_null(True)
    return pl.when(named).then(pl.col("has_session_row"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Whether the session was sent at all."""
    return (
        pl.when(pl.col("session_set_aside")).then(pl.lit("the session was sent, but its row is in quarantine: see the finding there"))
        .otherwise(pl.lit("no row of this session was sent"))
    )  # fmt: skip
