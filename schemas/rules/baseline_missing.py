"""A randomized participant has a baseline of the primary outcome.

Why: without it there is no change, and the participant is not in the trial's reference (adref).
Site: send the baseline assessment, or confirm that there is none.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_baseline"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "A randomized participant has no baseline value of the primary outcome."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("is_randomized")).then(pl.col("has_baseline"))
