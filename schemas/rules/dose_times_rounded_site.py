"""A site writes down the minute at which capsules were taken.

Why: capsules are taken at any minute. Where nearly all of a site's doses were taken on the hour, their times were rounded: each lag is
wrong by up to half an hour. Not asked where all lie the same minutes before their session (planned times).
Site: send the times as they were noted; say so if only the hour is known.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_timing"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "Nearly all the site's doses were taken on the hour; their times may be rounded."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_timed") >= evidence.lags_alike_min_doses.value
    planned = 100 * pl.col("n_alike") >= evidence.lags_alike_pct.value * pl.col("n_timed")
    return pl.when(many & ~planned).then(100 * pl.col("n_on_hour") < evidence.on_hour_pct.value * pl.col("n_timed"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many."""
    return pl.format("{} of {} doses", pl.col("n_on_hour"), pl.col("n_timed"))
