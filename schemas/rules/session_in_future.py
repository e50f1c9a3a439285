"""No session that was held lies after the delivery.

Why: what has not happened cannot have been held; a session still to come (attended: no) may have its date.
Site: correct the date, or the attendance.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "session"
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The session's time lies after the delivery; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    planned = ~pl.col("attended").fill_null(True)
    return pl.when(~planned).then(pl.col(f"{field}_on") <= pl.col("latest_on"))
