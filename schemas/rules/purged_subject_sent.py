"""A participant whose data were purged is not sent again.

Why: a purge after withdrawal of consent holds for every later delivery (DESIGN 9); the rows are left out before they are kept.
Site: take the participant out of its export.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.purged"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The delivery still holds a participant whose data were purged; the rows were left out before landing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a case."""
    return pl.col("record_key").is_null()
