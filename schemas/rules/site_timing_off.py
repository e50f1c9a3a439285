"""A site's doses lie where the trial plans them.

Why: where most doses of a site lie outside the trial's window, its clock is declared wrong (UTC taken for local time, the wrong zone)
or the site doses against the protocol; one dose cannot tell. Not asked where one shift explains it (site_clock_shifted asks then).
Site: tell us how clock times are written, and when capsules are given.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity
from schemas.rules import site_clock_shifted

TABLE = "core.site_timing"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "Most of the site's doses lie outside the trial's window."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_doses") >= evidence.site_timing_min_doses.value
    is_one_shift = ~site_clock_shifted.check(field, evidence).fill_null(value=True)
    return pl.when(many & ~is_one_shift).then(100 * pl.col("n_outside") <= evidence.site_timing_max_outside_pct.value * pl.col("n_doses"))
