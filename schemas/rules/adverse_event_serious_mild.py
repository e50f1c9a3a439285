"""A serious event is not a mild one.

Why: seriousness (death, danger, hospital) is not severity, and the two may differ; but a serious event that was mild is rare enough to be
a slip in one of the two columns. Kept as sent.
Site: check seriousness and severity.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "adverse_event"
FIELD = "serious"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An adverse event is called serious and mild."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("serious")).then(pl.col("severity") != "MILD")
