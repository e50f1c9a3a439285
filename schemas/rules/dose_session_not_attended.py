"""Doses belong to sessions that were attended.

Why: either the attendance or the session number is wrong.
Site: check both.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_timing"
FIELD = "session_no"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The dose was taken for a session that was not attended."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("taken")).then(pl.col("session_attended"))
