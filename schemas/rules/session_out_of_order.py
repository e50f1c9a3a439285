"""Sessions are held in the order of their numbers.

Why: a date typed wrong in month or year shows as a session before its predecessor or after its successors, even where no dose
was given; of the sessions of a participant the one that stands against most others is asked about.
Site: check the date, or the session number.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_check"
FIELD = "started_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The session is dated before one of a lower number or after one of a higher number."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("n_compared") > 0).then(~pl.col("is_out_of_order"))
