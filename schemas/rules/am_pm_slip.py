"""No dose would lie inside the trial's window if its clock were moved by exactly 12 hours.

Why: such a dose was most likely written in the wrong half of the day (or its session was). Nothing is changed,
whatever the lag.
Site: check AM and PM of the dose and of the session.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_timing"
FIELD = "dosed_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The dose is outside the trial's window, and 12 hours would put it inside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    known = pl.col("window_lag_min").is_not_null() & pl.col("window_to_min").is_not_null()
    return pl.when(known & pl.col("taken").fill_null(True)).then(pl.col("am_pm_shift_h").is_null())


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What the site may look at."""
    moved = pl.col("dosed_at_site") + pl.duration(hours=pl.col("am_pm_shift_h"))
    return pl.format("was the dose taken at {}?", moved.dt.to_string("%Y-%m-%d %H:%M"))
