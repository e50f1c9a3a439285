"""An amount's own unit agrees with the declared one.

Why: a text that says g in a column declared in mg is off by a thousand one way or the other.
Site: say which of the two units is right.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Fault, Impact, Severity

TABLE = "*"
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The text's unit and the declared one differ; the amount is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.UNIT_CONFLICT)))
