"""A session takes about as long as sessions usually do at the site.

Why: an hour typed wrong in the start or the end moves the lag or the end by an hour and is still a length that sessions have; at a site
whose sessions take nearly the same time it stands out. Lengths many times the plan's are asked about by session_length_far_from_plan.
Site: check the start and the end of the session.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_length"
FIELD = "ended_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The session is much longer or shorter than sessions usually are at the site."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_sessions") >= evidence.length_min_sessions.value
    regular = pl.col("spread_min") <= evidence.length_spread_max_min.value
    far = (pl.col("length_min") - pl.col("usual_length_min")).abs() >= evidence.length_off_min.value
    return pl.when(many & regular).then(~far)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How far."""
    off = pl.col("length_min") - pl.col("usual_length_min")
    way = pl.when(off > 0).then(pl.lit("longer")).otherwise(pl.lit("shorter"))
    return pl.format("{} min {} than usual at the site", off.abs().round(0).cast(pl.Int64), way)
