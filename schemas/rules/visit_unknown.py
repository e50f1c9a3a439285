"""The visit's label is one the trial knows.

Why: an unknown label is not guessed at: the day decides the visit, and outside every window the assessment is UNSCHEDULED.
Site: say which visit is meant. Data manager: add the spelling to `labels` of the visit in the trial file.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = "visit"
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.PRIMARY
MESSAGE = "The visit's label is not one of the trial; the date decides the visit."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("visit").is_not_null() & pl.col("has_visits")).then(pl.col("is_labelled"))
