"""The dates of a column are read in the order in which they are written.

Why: read with day and month the wrong way round, a date after the twelfth does not exist and is withheld; the others exist and are
wrong, and nobody sees it. Where many dates of a column exist only the other way round, all of it is read wrongly.
Data manager: write the other order in the mapping's format, or both orders where the site writes both.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.field"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Many dates of a field exist only with day and month the other way round; the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Few dates exist only the other way round, or there are as many that do not exist at all."""
    few = pl.col("n_exchanged") < evidence.dates_exchanged_min.value
    return few | (100 * pl.col("n_exchanged") <= evidence.dates_exchanged_pct.value * pl.col("received"))
