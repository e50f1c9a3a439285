"""Values come without stray spaces.

Why: a non-breaking space or a byte-order mark makes two texts of one.
Site: nothing to do.
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
MESSAGE = "A non-breaking space or byte-order mark was removed."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_repair").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_repair").ne_missing(str(Repair.SPACE_REMOVED)))
