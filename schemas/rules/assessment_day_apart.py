"""The forms of one visit share a day where the site's do.

Why: a date a week off lies inside the visit's window and alone looks right; the visit's other forms say which day it was. Asked of each
form whose day is not that of most of the visit's (of two forms: of both), at sites whose forms of a visit hardly ever lie days apart.
Site: check the date beside those of the visit's other forms.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = "assessed_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The form is dated days from the other forms of its visit, unlike those of the site's other visits."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: the form shares its visit's day, or the site's forms often lie apart."""
    many = pl.col("n_visits") >= evidence.visit_apart_min_visits.value
    rare = pl.col("n_visits_apart") * 100 <= evidence.visit_apart_pct.value * pl.col("n_visits")
    return pl.when(many & (rare | (pl.col("n_visits_apart") == 1))).then(pl.col("n_visits_apart") == 0)
