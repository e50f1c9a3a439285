"""The answers of one form do not look as if they were coded one too high, or one too low.

Why: two or more answers one above the highest, while the lowest is never used, are no slips of the pen: all answers of the form are
then likely to be one too high, also those inside the range. The same holds one below the lowest. Nothing is shifted.
Site: compare the form with its paper. Data manager: where all its forms are so, declare a value map.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_shift"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The answers of this form look coded one off: several lie one outside the range, the other end is never used."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    several = evidence.items_shifted_form_min.value
    too_high = (pl.col("n_one_too_high") >= several) & (pl.col("lowest_above_min") >= 1)
    too_low = (pl.col("n_one_too_low") >= several) & (pl.col("highest_below_max") >= 1)
    return ~(too_high | too_low).fill_null(False)
