"""An exercise whose ratings are not all there is told of, also where blanks are usual at the site.

Why: a session without its first begin or last end has no outcome; without the peak the highest fear published may be a lower one. Where
blanks are many, they are most often ratings that were not asked, and nobody is bothered with each.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.rating_gap"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "A rating of the exercise is blank, as others of the site's are."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_rare")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which ratings."""
    return pl.format("blank: {}", pl.col("blanks"))
