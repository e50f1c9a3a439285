"""A drug with the same start is reported once.

Why: the same episode under two record numbers would be counted twice. Both rows are kept: two strengths of one drug are possible.
Site: confirm that they are two, or delete one.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The same drug with the same start is reported in more than one record."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("times_reported") != 2
