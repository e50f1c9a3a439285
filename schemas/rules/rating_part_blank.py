"""An exercise that was rated has its begin and its end.

Why: the begin of a session is that of its first exercise, the end that of its last; where that very rating is blank, the session's result
is UNKNOWN and nothing is borrowed from another exercise. A peak alone may be blank. Ratings that were withheld have their own finding.
Site: nothing; it is noted.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "rating"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "An exercise has one of begin and end, or only its peak; the result of its session may be unknown."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: nothing was rated, or a rating is withheld."""
    begin, end = pl.col("begin_suds"), pl.col("end_suds")
    rated = pl.coalesce("begin_suds", "peak_suds", "end_suds").is_not_null()
    read = pl.coalesce("begin_suds_fault", "peak_suds_fault", "end_suds_fault").is_null()
    return pl.when(rated & read).then(begin.is_not_null() & end.is_not_null())
