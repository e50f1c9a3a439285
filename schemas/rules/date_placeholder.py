"""A medication's date is not the first day of a computer's calendar.

Why: 1 January 1970 (Unix), 1960 (SAS, Stata), 1904 and 1900 (spreadsheets) are what a blank or a zero becomes in a badly made export; a
medication that seems to have gone on since then would count as chronic.
Site: check the date; send a blank for an unknown one.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "medication"
FIELD = "started_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The start of a medication is the first day of a computer calendar; it may stand for a blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("started_on").is_in(["1970-01-01", "1960-01-01", "1904-01-01", "1900-01-01"])
