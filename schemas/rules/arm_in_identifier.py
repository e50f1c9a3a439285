"""No identifier of a blinded trial holds an arm.

Why: identifiers stand in every set and cannot be left out, so the delivery is held (ICH E9 2.3.1).
Site: send participants under identifiers that do not tell the arm.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.arm"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "Identifiers of participants tell the arm of a blinded trial; the delivery is held."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a case."""
    return pl.col("record_key").is_null()
