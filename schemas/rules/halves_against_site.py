"""Where one half of a questionnaire is high, so is the other.

Why: fear and avoidance of the same situations grow and fall together. Where over all forms of a site the one is high when the other is low,
one half has its answers turned round (3 in the place of 0), and a total added up from them agrees.
Site: compare both halves of some paper forms with what was sent. Data manager: map the codes of that half, if they stay so.
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
MESSAGE = "The two halves of the primary outcome's forms run against each other; the answers of one may be turned round."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_forms") >= evidence.halves_against_min_forms.value) & (pl.col("n_items") >= evidence.copied_min_answers.value)
    return pl.when(many).then(pl.col("halves_r") > evidence.halves_against_r.value)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How much, and in how many."""
    return pl.format("their sums have a correlation of {} over {} forms", pl.col("halves_r").round(2), pl.col("n_forms"))
