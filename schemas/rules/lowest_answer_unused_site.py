"""Somebody at the site has no trouble with some item at some visit.

Why: over many forms the answer that means none is given now and then, above all after treatment. Where a site never gives it, two answers
were recoded into one, or all are coded one too high while none leaves the range.
Site: say which number stands for which answer. Data manager: compare the map of the items with the paper form.
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
MESSAGE = "The lowest answer of this instrument is never given at the site; answers may be coded otherwise."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: too few answers, or one too high outside the range (items_shifted)."""
    many = (pl.col("n_answers") >= evidence.lowest_unused_min_answers.value) & (pl.col("n_one_too_high") == 0)
    return pl.when(many).then(pl.col("is_lowest_used"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Of how many."""
    return pl.format("none of {} answers", pl.col("n_answers"))
