"""A clock time that says its distance from UTC says the one of the site's zone.

Why: an export that writes the winter's -05:00 all summer, or a server's own zone, moves sessions and doses alike by hours, so that no lag
shows it. Times in UTC itself are not asked about.
Site: say in which zone the times are. Data manager: correct `timezone`, or read the times as the site's clock without their offset.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.clock_offset"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.TIMING
MESSAGE = "The time is sent with another distance from UTC than the site's zone has on that day."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("off_min") == 0


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """By how much."""
    return pl.format("the offset is {} min off the zone's", pl.col("off_min"))
