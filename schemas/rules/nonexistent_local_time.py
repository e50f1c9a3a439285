"""Every clock time exists on that day in the site's time zone.

Why: in the spring night the clock skips an hour; a time within it was never shown by a clock. Its date stays known.
Site: check the time, or send it with its UTC offset.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Fault, Impact, Severity

TABLE = "*"
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.TIMING
MESSAGE = "The clock skipped this time that day; the instant is withheld."
KEEPS_DATE = True  # the day is known, only the instant is not


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.NONEXISTENT_LOCAL_TIME)))
