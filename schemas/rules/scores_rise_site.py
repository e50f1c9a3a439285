"""Most participants of a site do not grow worse.

Why: a site whose primary outcome rises from the first to the last visit in nearly everybody has most likely its answers turned round (0 for
the worst); every change would have the wrong sign. Single participants who grow worse are no fault.
Site: compare a paper form with what was sent, and say what the numbers mean. Data manager: map the codes, if they stay so.
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
MESSAGE = "The primary outcome of nearly all the site's participants grows worse; the answers may be coded the other way round."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_courses") >= evidence.scores_rise_min.value
    return pl.when(many).then(100 * pl.col("n_worse") < evidence.scores_rise_pct.value * pl.col("n_courses"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In how many."""
    return pl.format("it is worse at the last visit in {} of {} participants", pl.col("n_worse"), pl.col("n_courses"))
