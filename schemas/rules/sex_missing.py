"""Every subject has a sex recorded.

Why: analyses stratify by it.
Site: send it, or U when it is not known.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "sex"
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The sex is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("sex_fault").is_null()).then(pl.col("sex").is_not_null())
