"""Most rows of a delivery can be used.

Why: when a large share of a table's rows is rejected, the export or the mapping has changed, not the participants.
Data manager: look at the findings of the held delivery (trialweave findings --held), then correct the mapping or ask the site.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.table"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Too many rows of the newest delivery were rejected; it is held and the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Rejected rows (repetitions and removals apart) stay within the trial's holding.max_rejected_pct."""
    return (pl.col("rejected") < pl.col("min_rows")) | (100 * pl.col("rejected") <= pl.col("max_rejected_pct") * pl.col("received"))
