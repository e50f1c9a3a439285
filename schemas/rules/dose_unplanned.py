"""Doses are taken at the sessions and time points of the protocol.

Why: a dose elsewhere is a deviation or carries the wrong session number.
Site: check the session number and time point.
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
MESSAGE = "A dose was taken at a session or time point where the protocol plans none."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("taken")).then(pl.col("is_planned"))
