"""The start of a medication does not lie after the delivery.

Why: what had not happened when the export was made cannot be reported; a partial date counts only when its earliest day lies after.
The date is withheld, the row goes on.
Site: correct the date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity
from schemas.partial_date import earliest_day

TABLE = "medication"
FIELD = "started_on"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The start of a medication lies after the day of the delivery; the date is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col(field).is_not_null()).then(earliest_day(field) <= pl.col("latest_on").cast(pl.String))
