"""A rating of 99 is a rating.

Why: 99 is a legal rating on 0-100 and a common code for "missing". Who never rates 97, 98 or 100, and rates in fives and tens, or far from
99 in the same exercise, is asked about; what is less clear is noted (suds_missing_code_possible). Nothing is changed: 99 stands until the
site says what it is.
Site: say whether 99 was rated; if it means missing, it will be read so.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.suds_code"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "A rating of 99 stands alone; it may be a code for missing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("likely_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Where it stands."""
    return pl.format("was 99 rated in session {}, or is it a code for missing?", pl.col("likely_sessions"))
