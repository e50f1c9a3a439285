"""A participant was enrolled when the site enrolled the others around.

Why: a wrong year in all of a participant's dates leaves them in order among themselves. Only the others can tell: the row stands between
two participants of another year (where the site's rows are in the order of enrolment), or the dates lie months away from all others of
the site, and among them once the year is another (evidence file).
Site: check the year of all dates of this participant.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_run"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The participant was enrolled about a year before or after the site's participants around."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_year_off")
