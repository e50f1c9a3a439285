"""A fear rating is a whole number (of 0-10 and 0-8: or a half), where the site's are.

Why: at a site that rates in whole numbers a part of one is a slip of the keyboard, a comma in another place, or a rating on another scale.
Site: check the rating.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.rating_odd"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "A rating is no whole number, unlike nearly all of the site's."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_broken")
