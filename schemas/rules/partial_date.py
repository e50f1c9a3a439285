"""A date and time that must be exact is known to the day at least.

Why: a dose or session of "March 2024" cannot be timed, linked or ordered. What is known of a dose's date is published as it is
(EXSTDTC, ISO 8601 cut right); nothing is imputed.
Site: send the full date and the clock time.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Fault, Impact, Severity

TABLE = "*"
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Only part of this date is known, not its day; the date and time are unknown."
KEEPS_DATE = True  # what is known of it is kept


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.PARTIAL_DATE)))
