"""No date lies after the delivery.

Why: what has not happened cannot have been recorded. The limit is the last day on which the export can have been made
in the site's time zone.
Site: correct the year, month or day.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("subject", "disposition", "dose")
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "The date lies after the delivery; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    date = field if field.endswith("_on") else f"{field}_on"
    return pl.col(date) <= pl.col("latest_on")
