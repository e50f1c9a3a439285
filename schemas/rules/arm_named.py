"""No text of a blinded trial names an arm.

Why: the analyst must not learn who was given what before unblinding (ICH E9 2.3.1); a dose text, medication or adverse event that says
`placebo` tells it, and so does a dose text written one way for some participants and another way for the others.
Site: send the text without the arm, and report the unblinding if there was one.
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
MESSAGE = "The text names an arm of a blinded trial, or tells the arms apart; it is not published."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a case."""
    return pl.col("record_key").is_null()
