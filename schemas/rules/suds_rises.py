"""A participant's fear falls within exercises, where that of the site's others does.

Why: exposure is ended when fear has fallen. Fear that rises in nearly all exercises of one participant, where that of
the site's others falls, has most likely begin and end in each other's place. Single exercises in which fear rises are no fault.
Site: check the participant's forms.
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
MESSAGE = "The participant's fear rises in nearly all exercises, unlike that of the site's others; begin and end may be exchanged."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    enough = pl.col("n_courses_others") >= evidence.suds_scale_min_ratings.value
    many = enough & (pl.col("n_courses") >= evidence.rise_min_exercises.value)
    usual = pl.col("n_falling_others") * 2 > pl.col("n_courses_others")
    return pl.when(many & usual).then(pl.col("n_rising") * 100 < evidence.rise_odd_pct.value * pl.col("n_courses"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many exercises there are, and in how many fear rises."""
    return pl.format("fear rises in {} of {} exercises", pl.col("n_rising"), pl.col("n_courses"))
