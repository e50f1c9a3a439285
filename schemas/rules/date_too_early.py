"""No date of the trial lies before such trials were held.

Why: years such as 0024 or 1924 are typing errors that would move study days and medication flags by centuries. A form's date is asked
about once, not again with its total.
Site: correct the year.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("subject", "disposition", "session", "dose", "form", "item")
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "The date lies before any trial of this field was held; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring. A total that came in its form's own row has no last day of its own (staging.item)."""
    date = field if field.endswith("_on") else f"{field}_on"
    return pl.when(pl.col("latest_on").is_not_null()).then(pl.col(date).dt.year() >= evidence.earliest_trial_year.value)
