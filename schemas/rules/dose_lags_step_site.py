"""A site's participants do not all take their capsules at another distance to the session from one day, or one session, on.

Why: an export that changes the clock of its doses (UTC for local time), or that fills in another time (of the prescription, of the entry),
moves all doses entered after it. Each alone may still be possible, and where many lie outside the window no single one is asked about.
Site: tell us whether capsules were taken earlier or later from then on, or in which clock their times are written. Data manager: a mapping
from that day on (`site.from-DAY.yaml`), or waive it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.clock_step"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "From one day or session on, nearly all the site's participants take their doses elsewhere beside the session, all moved alike."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("what") == "DOSE") & (pl.col("n_stepped") >= evidence.clock_min_crossed.value)
    return pl.when(many).then(100 * pl.col("n_stepped") < evidence.site_shift_alike_pct.value * pl.col("n_spanning"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """By how much, since when, and in how many."""
    return pl.format(
        "by {} min from {} on, in {} of {} participants", pl.col("step_min"), pl.col("since"), pl.col("n_stepped"), pl.col("n_spanning")
    )
