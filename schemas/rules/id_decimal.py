"""Identifiers come without decimals.

Why: statistics programs and spreadsheets make 101.0 of 101; the participant of 101.0 would be another one than that of 101.
Site: nothing to do; format the column as text if you like.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Repair, Severity

TABLE = "*"
FIELD = "*"
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The decimal zero of a numeric identifier was left out."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_repair").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_repair").ne_missing(str(Repair.ID_DECIMAL)))
