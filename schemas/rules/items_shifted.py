"""A site's answers do not look as if they were coded one too high, or one too low.

Why: 1-4 where 0-3 is due shows as answers one above the highest while the lowest is never used; every score would be too high.
0-4 where 1-5 is due is the same the other way round. Nothing is shifted: only the site knows. Asked from so many answers on as the
evidence file says.
Site: compare with a paper form, and say what the numbers mean. Data manager: then declare a value map.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_item"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The answers of this instrument look coded one off: values one outside the range occur, the other end is never used."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    too_high = (pl.col("n_one_too_high") > 0) & (pl.col("lowest_above_min") >= 1)
    too_low = (pl.col("n_one_too_low") > 0) & (pl.col("highest_below_max") >= 1)
    return ~((too_high | too_low) & (pl.col("n_answers") >= evidence.items_shifted_min_answers.value)).fill_null(False)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which way."""
    return pl.format("one too high: {}, one too low: {} answers", pl.col("n_one_too_high"), pl.col("n_one_too_low"))
