"""A delivery of additions that sends nearly all records of a table again sends all of them.

Why: where deliveries add up, a record that the site deleted, or gave to another participant, is in no later delivery and stays in the sets.
An export that holds nearly everything again shows it: what it lacks may have been deleted. Not asked where only the oldest records are
left out, as in an export of the last weeks.
Site: confirm that the record was deleted, or that it stands. Data manager: if every delivery is whole, `delivery: snapshot` in the mapping.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.record"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.BOTH
MESSAGE = "Nearly all records of the table were sent again, but not this one; it may have been deleted, and still counts."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a record."""
    return pl.col("record_key").is_null()
