"""Serious events are the exception at a site.

Why: hardly any adverse event of these trials is serious. Where most of a site's are, yes and no are most likely exchanged, and the
events that were serious are then called not serious. Kept as sent.
Site: check what the codes of the column mean.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_event"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "Most of the site's adverse events are called serious; yes and no may be exchanged."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_events") >= evidence.serious_min_events.value
    return pl.when(many).then(100 * pl.col("n_serious") <= evidence.serious_max_pct.value * pl.col("n_events"))
