"""A trial's file says what a protocol can mean.

Why: windows of visits that overlap, a part of a questionnaire as the primary outcome, a criterion that everybody meets, prohibited drugs
left out: every number of it can be read, and every site's data come out wrong alike. Told once, on the trial's first site.
Data manager: compare the line that is named with the protocol; correct it, or waive this where the protocol is so.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.mapping"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "A line of the trial's file can hardly be what the protocol says; it concerns all sites of the trial."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a doubt."""
    return pl.col("record_key").is_null()
