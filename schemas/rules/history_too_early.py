"""No medication or event of a participant lies before a living person's history.

Why: a start in the year 0023 or 1823 is a typing error; it would make a new medication look chronic.
Site: correct the year.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("medication", "adverse_event")
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The date lies before any participant's life; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    date = pl.col(field if field.endswith("_on") else f"{field}_on").cast(pl.String)
    return date.str.slice(0, 4).cast(pl.Int32, strict=False) >= evidence.earliest_history_year.value
