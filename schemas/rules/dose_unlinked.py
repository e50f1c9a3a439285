"""A dose without a session number lies near an attended session.

Why: it is linked to the only attended session that starts within 8 h after it or at most 4 h before it (evidence
file); there was none.
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
MESSAGE = "The dose has no session number, and no attended session lies near it."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    asked = pl.col("link").is_in(["BY_TIME", "NONE_NEAR", "SEVERAL_NEAR"]) & pl.col("taken").fill_null(True)
    return pl.when(asked & (pl.col("n_sessions") > 0)).then(pl.col("link") != "NONE_NEAR")
