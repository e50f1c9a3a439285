"""A medication has a dose above zero.

Why: "sertraline 0 mg" is a drug that was not taken, one that was stopped, or a digit that was lost; it counts as taken.
Site: say whether it was taken, and at which dose; take the row away if it was not.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A medication has a dose of zero; it counts as taken."
_IN_TEXT = r"(?i)(?:^|[\s,;(])0+(?:[.,]0+)?\s*(?:mg|g|[\u00b5\u03bcu]g|mcg|ml|iu|ie)(?:\W|$)"


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    dose = pl.col("dose_text").fill_null("")
    in_dose = dose.str.contains("0") & ~dose.str.contains("[1-9]")
    in_text = (dose == "") & pl.col("verbatim").str.contains(_IN_TEXT)
    return pl.when(pl.col("is_drug")).then(~(in_dose | in_text))
