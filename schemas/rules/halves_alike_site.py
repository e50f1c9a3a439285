"""The two halves of a questionnaire are not the same.

Why: fear and avoidance of a situation are rated apart. Where nearly every form has one half in the place of the other as well, one half was
copied, or one column is exported twice.
Site: compare a paper form with what was sent.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_score"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "In nearly all the site's forms of the primary outcome the second half of the answers is the first one."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_forms") >= evidence.halves_min_forms.value) & (pl.col("n_items") >= evidence.copied_min_answers.value)
    return pl.when(many).then(pl.col("n_alike") * 2 < pl.col("n_forms"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In how many."""
    return pl.format("in {} of {} forms", pl.col("n_alike"), pl.col("n_forms"))
