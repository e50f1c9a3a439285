"""The primary outcome does not jump between visits.

Why: hardly anybody grows worse by half of the whole scale from one visit to the next, or is far away at one visit only. Answers turned
round, or those of another participant, make it so.
Site: check the form against the paper, and whose it is.
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
MESSAGE = "The primary outcome is far worse than at the visit before, or far away from both the visit before and the one after."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    rises = pl.col("rise") >= evidence.score_rise_pomp.value
    apart = pl.col("apart") >= evidence.score_apart_pomp.value
    return pl.when(pl.col("rise").is_not_null()).then(~(rises | apart.fill_null(False)))
