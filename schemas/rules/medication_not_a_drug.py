"""A medication row names a drug.

Why: "none" or a treatment without a drug is kept as a row, but codes to nothing and decides nothing.
Site: nothing; it is noted.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "A medication row names no drug; it is kept and decides nothing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_drug")
