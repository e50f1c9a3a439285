"""Fear at the beginning is near what the participant's exercises begin with, where it then is high.

Why: 60 typed as 6, or a blank sent as 0, turns a success into a bad exposure. Somebody whose exercises begin high hardly begins one
without fear and is soon near the top.
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
MESSAGE = "An exercise begins with hardly any fear and has a high peak, unlike the participant's others; a digit may be missing."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_begin_low")
