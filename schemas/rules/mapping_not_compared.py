"""What an edit of the mapping changed is known.

Why: a site's data are worked with the mapping of before an edit and with the one after it, so that no edit changes values silently. Where
the configuration of before is gone, cannot be read by today's code, or would show what is hidden now, and no earlier delivery can be worked
again, that comparison could not be made.
Data manager: look at the edit and at what it changed (trialweave diff); then waive this. It stays open until then, or until the edit is
taken back.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.mapping"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The mapping of the site was edited, and what the edit changed could not be compared."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such an edit."""
    return pl.col("record_key").is_null()
