"""An edit of the trial, an instrument, a code list or a threshold leaves the values of records that were there as they were.

Why: a protocol's window, an item turned round in an instrument or a factor in a code list changes many values of every site at once, though
no site sent anything new and no mapping was touched. A new version of the project is no edit: `trialweave diff` shows what it changes.
Data manager: look whether the change is the one you meant (trialweave diff lists it); then waive this, or take the edit back. It stands
until one of the two is done.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.mapping"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The configuration that sites share was edited, and values of records that were there before are other ones now."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a change."""
    return pl.col("record_key").is_null()
