"""Every rating and item lies on its declared scale.

Why: a 12 on a scale of 0-10 is a slip or another scale; neither can be told from the number. Values are judged one by
one.
Site: correct the value, or tell us the scale that was used.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Fault, Impact, Severity

TABLE = "*"
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.PRIMARY
MESSAGE = "The value is outside its declared scale; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.OUT_OF_SCALE)))
