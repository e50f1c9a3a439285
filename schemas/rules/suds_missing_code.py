"""A rating of 99 is a rating.

Why: 99 is a legal rating on 0-100 and a common code for "missing". Who rates 97, 98 or 100 as well may have meant 99, and so may who
rates any number, 93 beside 99; who rates in fives and tens, or far below it in the same exercise, is asked about. Nothing is changed: 99
stands until the site says what it is.
Site: say whether 99 was rated; if it means missing, the mapping will declare it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_suds"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "A rating of 99 stands alone; it may be a code for missing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("lone_99_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Where it stands."""
    return pl.format("was 99 rated in session {}, or is it a code for missing?", pl.col("lone_99_sessions"))
