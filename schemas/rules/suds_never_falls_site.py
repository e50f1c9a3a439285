"""Fear falls within most exercises of a site.

Why: exposure is ended when fear has fallen. A site in which it falls in hardly any exercise has begin and end in each other's column,
or one of them twice: every outcome of a session would be turned round. Single exercises in which fear rises are no fault. Asked where fear
falls in less than a fifth; and, of many exercises, in less than a third while it rises in so many more that chance would not do it where it
fell in half of them (four standard deviations: once in 30,000 sites).
Site: say which column holds the fear at the begin, and which at the end. Data manager: compare the mapping with a paper form.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_suds"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Fear falls in hardly any exercise of the site; begin and end may stand in each other's column."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: too few exercises to tell."""
    many = pl.col("n_courses") >= evidence.suds_scale_min_ratings.value
    some = pl.col("n_falling") * 100 >= evidence.suds_falling_min_pct.value * pl.col("n_courses")
    third = pl.col("n_falling") * 3 >= pl.col("n_courses")
    more = pl.col("n_rising") - pl.col("n_falling")
    chance = more <= evidence.suds_rising_sd.value * (pl.col("n_rising") + pl.col("n_falling")).sqrt()
    return pl.when(many).then(some & (third | chance))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many exercises there are, and in how many fear falls."""
    return pl.format("fear falls in {} of {} exercises", pl.col("n_falling"), pl.col("n_courses"))
