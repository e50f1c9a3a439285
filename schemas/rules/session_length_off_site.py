"""A site's sessions end when sessions of the trial end.

Why: where most of a site's sessions are longer or shorter than the protocol plans by the evidence file's minutes, the ends are most
likely written in another clock than the starts (an hour or two off), or the site runs another session. Every lag to the end hangs on it.
Site: tell us how the end of a session is written, and how long sessions last.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_session"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "Most of the site's sessions are far longer or shorter than the protocol plans."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_ended") >= evidence.site_session_min.value
    return pl.when(many).then(100 * pl.col("n_length_off") <= evidence.site_session_max_off_pct.value * pl.col("n_ended"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What most sessions last."""
    return pl.format("the site's usual length is {} min, the planned one {} min", pl.col("usual_length_min"), pl.col("planned_length_min"))
