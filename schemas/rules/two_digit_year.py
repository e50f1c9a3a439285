"""Years come with four digits.

Why: the century of a two-digit year follows the pivot declared in the mapping.
Site: send four digits.
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
MESSAGE = "The century was completed by the declared pivot."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_repair").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_repair").ne_missing(str(Repair.TWO_DIGIT_YEAR)))
