"""An exercise is rated about as high as the ones beside it.

Why: 5 and 10 beside 60 may be fear that was gone, or a sheet on 0-10 among sheets on 0-100. Where the numbers look like 0-10 the site is
asked (suds_scale_mixed); where they are the fives and tens in which people rate on 0-100, they are only noted.
Data manager: nothing, unless a site has many.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_suds"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "An exercise is rated many times lower than the ones beside it."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("low_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In which sessions."""
    return pl.format("in session {}", pl.col("low_sessions"))
