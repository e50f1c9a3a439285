"""Fear does not rise in a session as much as it falls in the site's others.

Why: a session that ends with more fear than it began is a result. One that rises by as much as others fall, at a site where none else does,
most likely has begin and end in each other's place. A small rise cannot be told from a bad exposure.
Site: check begin and end of the session's exercises.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_rating"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Fear rises in a session as far as it falls in the site's others; begin and end may be exchanged."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: fear rises in nearly all of the participant's exercises, which is asked as such."""
    return pl.when(pl.col("n_rising") * 2 <= pl.col("n_courses")).then(pl.col("risen_sessions").is_null())


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which sessions."""
    return pl.format("session {}", pl.col("risen_sessions"))
