"""A withdrawal happens while the participant is followed.

Why: a withdrawal months after the last planned visit has most often a wrong year.
Site: check the date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "disposition"
FIELD = "withdrawn_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The withdrawal is dated long after the last planned visit."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    limit = pl.col("last_planned_on") + pl.duration(days=evidence.after_course_max_days.value)
    return pl.col(field) <= limit
