"""A rating of 99 is a rating, also where it may well be one.

Why: 99 is a legal rating on 0-100 and a common code for "missing". Who rates any number, 93 beside 99, or has rated 98 or 100 as well, most
likely meant it: nobody is asked (see suds_missing_code for who is), but the analyst can see it.
Data manager: ask the site for its codes if 99 comes again and again.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.suds_code"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "A rating of 99 may be a code for missing; most likely it is a rating."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("possible_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Where it stands."""
    return pl.format("99 in session {}", pl.col("possible_sessions"))
