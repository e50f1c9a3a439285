"""An adverse event starts while the participant is followed.

Why: a start months after the last planned visit has most often a wrong year; a partial date counts only when its earliest day lies so late.
Site: check the date.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity
from schemas.partial_date import earliest_day

TABLE = "adverse_event"
FIELD = "started_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An adverse event is dated long after the last planned visit."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    limit = pl.col("last_planned_on") + pl.duration(days=evidence.after_course_max_days.value)
    return pl.when(pl.col(field).is_not_null() & limit.is_not_null()).then(earliest_day(field) <= limit.cast(pl.Date).cast(pl.String))
