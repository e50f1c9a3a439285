"""An edit of the mapping keeps the records that were kept, gives them to the same participants, and empties no field.

Why: a filter, a column or a pattern changed in site.yaml can drop or move rows of data that were right; the site sent them.
Data manager: take the edit back or correct it; when the rows are rightly gone, accept it with trialweave release-hold STUDY/SITE --edit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.mapping"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "The mapping was edited and would lose or move records that were kept; the site stays as it was published before the edit."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """What is lost or moved stays within the limits of holding."""
    return ~pl.col("is_beyond")
