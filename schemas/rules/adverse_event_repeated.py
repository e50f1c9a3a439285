"""An event of a later delivery is not an earlier one whose start was corrected.

Why: without a record number the start is part of what tells events apart, so that a corrected start makes a second event. Asked
where a later delivery has the same words and the same severity, seriousness and relation with a start that differs by few days
(evidence file: event_repeat_days), by the year only, by day and month exchanged, or that was not known before.
Site: say whether these are two events; if not, which start is right. A record number in the export would settle it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.adverse_event"
FIELD = "started_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A later delivery has this event again with another start: it may be the same event with its start corrected, counted twice."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated."""
    return ~pl.col("may_be_repeated")
