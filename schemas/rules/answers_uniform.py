"""The answers of a questionnaire differ.

Why: twenty situations are not all feared alike, and hardly anybody has the highest answer everywhere: one column was ticked all the way
down, or a default never changed. All zero is what somebody answers who is well, unless it is the baseline, or the visit before was high.
Site: check the form against the paper.
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
MESSAGE = "All answers of the primary outcome are the same."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_answered") >= evidence.uniform_min_answers.value
    long = pl.col("n_answered") >= evidence.copied_min_answers.value
    ill = pl.col("is_baseline") | (pl.col("pomp_before") >= evidence.score_apart_pomp.value).fill_null(False)
    odd = pl.when(pl.col("pomp") == 0).then(ill).otherwise(long | (pl.col("pomp") == 100))
    return pl.when(many & pl.col("is_uniform").is_not_null()).then(~(pl.col("is_uniform") & odd))
