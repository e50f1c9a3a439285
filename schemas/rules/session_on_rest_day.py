"""No session is on a day of the week on which the site holds hardly any other.

Why: clinics rest on one or two days of the week. A session that was written to another day, its dose with it, keeps its lag and may lie
between its neighbours; of dates moved at random two of seven fall on a rest day. Asked of a session that is alone on its day of the week
among many of the site's (evidence file: rest_day_min_sessions), or one of a hundred.
Site: check the date of the session, and of its dose.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_check"
FIELD = "started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The session is on a day of the week on which the site holds hardly any other; its date may be some days off."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: too few sessions to tell."""
    many = pl.col("n_held") >= evidence.rest_day_min_sessions.value
    rare = pl.col("n_on_weekday") * 100 <= evidence.rest_day_max_pct.value * pl.col("n_held")
    return pl.when(many).then(~(rare | (pl.col("n_on_weekday") == 1)))
