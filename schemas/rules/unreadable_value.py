"""The text of every field can be read as its mapping declares.

Why: a value is never guessed from text that is not in a declared format; in a key field the row cannot be told from
others and is rejected.
Site: send the value as agreed, or tell us the format.
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
MESSAGE = "The text cannot be read in any declared format; the value is withheld."
KEEPS_DATE = True  # where the mapping could read the day, the day is known


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.UNREADABLE)))
