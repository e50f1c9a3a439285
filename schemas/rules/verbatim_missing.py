"""A medication or adverse event has its reported name.

Why: without the words there is nothing to code and nothing to ask about; the row is set aside, and what depends on the
participant's medication becomes U.
Site: send the name, or delete the empty row.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("medication", "adverse_event")
FIELD = "verbatim"
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The reported name is blank; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply (unreadable text has its own rule)."""
    return pl.when(pl.col("verbatim_fault").is_null()).then(pl.col("verbatim").is_not_null())
