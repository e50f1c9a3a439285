"""A release shows the amount of every dose.

Why: in a blinded trial whose arms differ in strength the amount is the arm, and the analyst must not learn it before unblinding (ICH E9
2.3.1). EXDOSE and what is made of it are null until then; doses are counted and timed as ever.
Data manager: nothing; unblinding brings the amounts back. Where what the sites record does not differ between the arms (the number of
capsules), write `blinding: {status: blinded, amounts: shown}` in the trial's file.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.value"
FIELD = ""
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The trial is blinded and its arms differ in strength; no amount is published before unblinding."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a case."""
    return pl.col("record_key").is_null()
