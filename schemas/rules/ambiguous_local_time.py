"""Every clock time happened once on that day in the site's time zone.

Why: in the autumn night an hour comes twice; without an offset the instant is not known. Its date stays known.
Site: send the time with its UTC offset.
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
MESSAGE = "The clock showed this time twice that day; the instant is withheld."
KEEPS_DATE = True  # the day is known, only the instant is not


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.AMBIGUOUS_LOCAL_TIME)))
