"""A site's participants do not all begin at another hour from one day, or one session, on.

Why: an export that changes its clock (UTC for local time, winter time for summer time) moves everything that is entered after it. Doses
keep their distance to the session, so that nothing else shows it; sessions alone that move change every lag.
Site: tell us whether the sessions were held at another hour from then on, or in which clock the export writes its times. Data manager: a
mapping from that day on (`site.from-DAY.yaml`), or waive it.
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
MESSAGE = "From one day or session on, nearly all the site's participants begin at another hour, all moved alike."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("what") == "SESSION") & (pl.col("n_stepped") >= evidence.clock_min_crossed.value)
    return pl.when(many).then(100 * pl.col("n_stepped") < evidence.site_shift_alike_pct.value * pl.col("n_spanning"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """By how much, since when, and in how many."""
    return pl.format(
        "by {} min from {} on, in {} of {} participants", pl.col("step_min"), pl.col("since"), pl.col("n_stepped"), pl.col("n_spanning")
    )
