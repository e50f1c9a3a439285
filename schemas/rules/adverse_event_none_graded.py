"""An adverse event row that reports no event has no severity.

Why: "none" with a severity beside it is an event whose name was overwritten, or a severity in the wrong row: one of the two is lost.
Site: say what the event was, or take the severity away.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.adverse_event"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An adverse event row says that there was none, and how severe it was."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(~pl.col("is_event")).then(pl.col("severity").is_null())
