"""A record that was corrected keeps its correction.

Why: where deliveries add up, the newest row of a record counts. One that is what the record was before another row had taken its place may
be a correction taken back, or an old file that came late or once more, which undoes the correction; the row alone does not say.
Site: confirm that the older values are right, or send the record again. Data manager: a delivery that should never have come can be set
aside (trialweave set-aside).
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.record"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "The record has again the values that it had before a delivery that changed them; the newest count."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a record."""
    return pl.col("record_key").is_null()
