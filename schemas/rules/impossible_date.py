"""Every date exists in the calendar.

Why: 31 February was typed by someone who meant another day; which one, only the site can say.
Site: look the date up in the source document and correct it.
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
MESSAGE = "The date does not exist in the calendar; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.IMPOSSIBLE_DATE)))
