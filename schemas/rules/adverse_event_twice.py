"""An event is not entered a second time a day or two after it began.

Why: the same event may stand in the file under two days, as the participant and the diary told it, and is then counted twice. Asked of an
event of the same term, or words, and severity as one that began at most two days before (evidence file: event_twice_days), at sites where
this is rare: where events are written down day by day, most of them come again.
Site: say whether these are two events; if not, which start is right.
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
MESSAGE = "The participant has the same event, equally severe, a day or two before; it may be entered twice."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    again = pl.col("days_since_alike") <= evidence.event_twice_days.value
    rare = pl.col("n_again") * 100 <= evidence.event_twice_max_pct.value * pl.col("n_events")
    alone = pl.col("n_again") == 1
    return pl.when(~pl.col("may_be_repeated")).then((~(again & (rare | alone))).fill_null(True))
