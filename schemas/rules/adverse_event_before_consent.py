"""An adverse event does not start before consent.

Why: what began before consent is medical history; a partial date counts only when its latest day lies before.
Site: correct the date or move the event to the history.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity
from schemas.partial_date import latest_day

TABLE = "adverse_event"
FIELD = "started_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An adverse event started before consent."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col(field).is_not_null() & pl.col("consented_on").is_not_null()).then(
        latest_day(field) >= pl.col("consented_on").cast(pl.String)
    )
