"""A dose without a session number lies near one attended session only.

Why: with several, choosing one would be a guess; the dose stays unlinked.
Site: send the session number.
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
MESSAGE = "The dose has no session number, and several attended sessions lie near it."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    asked = pl.col("link").is_in(["BY_TIME", "NONE_NEAR", "SEVERAL_NEAR"]) & pl.col("taken").fill_null(True)
    return pl.when(asked & (pl.col("n_sessions") > 0)).then(pl.col("link") != "SEVERAL_NEAR")
