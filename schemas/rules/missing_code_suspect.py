"""No number stands for "missing" unless the mapping says so.

Why: 99 and 999 are legal weights, or totals of some scales, and common codes for "missing". A number that comes back again and again at
a site, more often than the four next to it together, is most likely such a code. Nothing is changed; the mapping can declare the code.
Site: say what the number means.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_missing_code"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A number that is often a code for missing stands out among the site's values."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("n_code") >= evidence.missing_code_min.value).then(pl.col("n_code") <= pl.col("n_beside"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which number."""
    return pl.format("does {} mean missing in {}?", pl.col("code").cast(pl.Int64), pl.col("field_name"))
