"""An instrument is given once at a visit.

Why: all are kept, the one nearest to the visit's target is used (ANL01FL).
Only one of two can be the planned one.
Site: say which one counts, or correct visit or date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The instrument was given more than once at this visit; the one nearest to its target is used."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(~pl.col("is_unscheduled")).then(pl.col("n_in_visit") == 1)
