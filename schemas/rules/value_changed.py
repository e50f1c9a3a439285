"""A value that was sent once stays what it is, or is corrected by the site.

Why: the newest value counts. Whether it is a correction or an error of the export, the value alone does not say; who reads it should know
that it was another one before. trialweave changes shows both texts.
Site: nothing to do.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.value"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The record has other values than in an earlier delivery; the newest count."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a change."""
    return pl.col("record_key").is_null()
