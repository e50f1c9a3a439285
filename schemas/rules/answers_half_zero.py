"""Half a questionnaire is not all zeros while the other half is not.

Why: a page that was left blank, exported as zeros, is in range, and its total agrees; it halves the score without a word. Asked of forms
of twenty and more answers of which a whole half (the first or the last items, of the form or of each subscale) is 0 and the other is well
above.
Site: check the form against the paper, whether the page was answered.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.score_jump"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Half of the answers of the primary outcome are all zeros, the other half is not; blanks may have become zeros."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_items") >= evidence.copied_min_answers.value) & (pl.col("n_answered") == pl.col("n_items"))
    return pl.when(many).then(~(pl.col("is_half_zero") & (pl.col("pomp") >= evidence.half_zero_min_pomp.value)))
