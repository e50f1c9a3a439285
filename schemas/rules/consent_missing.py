"""Every subject has a date of consent.

Why: without it nothing can be said of doses before consent.
Site: send the date of informed consent.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "consented_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The date of consent is blank."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.when(pl.col("consented_on_fault").is_null()).then(pl.col("consented_on").is_not_null())
