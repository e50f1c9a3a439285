"""A site's sessions begin at the same hour of its clock in winter and in summer.

Why: an export in UTC (or in winter time all year) that is read as the site's clock moves each time by an hour or more: doses keep their
distance to the session, so that nothing else shows it. From the change of the clock on, nearly all participants begin an hour earlier.
Site: tell us in which clock the export writes its times. Data manager: `clock: utc`, or a format with the offset.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_session"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The site's sessions move by an hour when the clock changes; its clock times may be in UTC, or not."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_crossed") >= evidence.clock_min_crossed.value
    return pl.when(many).then(100 * pl.col("n_moved") < evidence.site_shift_alike_pct.value * pl.col("n_crossed"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many participants."""
    return pl.format("{} of {} participants with sessions on both sides of a change of the clock", pl.col("n_moved"), pl.col("n_crossed"))
