"""Values are used as the site sent them.

Why: a known error of the source was put right by corrections.yaml, which says who decided it, when and why.
Site: correct the source, so that the correction can be taken out.
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
MESSAGE = "A written correction was applied."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_repair").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_repair").ne_missing(str(Repair.CORRECTED)))
