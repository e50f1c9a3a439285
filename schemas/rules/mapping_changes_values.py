"""An edit of the mapping leaves the values of records that were there as they were.

Why: a column, unit, format or code changed in site.yaml changes every value of a field at once, though the site sent nothing new.
Data manager: look whether the change is the one you meant (trialweave diff lists it); then waive this, or take the edit back.
It stays open until one of the two is done.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.mapping"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The mapping of the site was edited, and values of records that were there before are other ones now."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a change."""
    return pl.col("record_key").is_null()
