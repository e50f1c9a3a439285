"""Fear at the beginning is near what the participant's exercises begin with, where it then is high or none at all.

Why: 60 typed as 6 turns a success into a bad exposure; 0 written for "not rated" turns a session without ratings into a success.
Somebody whose exercises begin high hardly begins one without fear and is soon near the top, nor feels none in one exercise from begin
to end, high before and after.
Of somebody with one rating, the site's exercises tell.
Site: check the rating.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.rating_odd"
FIELD = "begin_suds"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "An exercise begins with hardly any fear, unlike the participant's others; a digit may be missing, or 0 may mean not rated."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_begin_low")
