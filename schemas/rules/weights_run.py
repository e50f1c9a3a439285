"""A participant's weight is not one of a run that repeats or counts up from row to row of the site's file.

Why: a cell dragged down in a spreadsheet fills those below it with itself, or with one more each: every value alone looks right.
Site: compare the weight of these participants with the source documents.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_run"
FIELD = "weight_kg"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The weight is one of six or more that repeat or count up from one row of the file to the next."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """False: the row is part of a run."""
    return ~pl.col("is_weight_run")
