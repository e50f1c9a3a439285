"""A mapping and the words it is written with agree.

Why: a column called end that is read as the beginning, or `ja` that means no, is right on every row by its form and wrong on every row.
`check-config` tells of it to whoever runs it; a mapping edited by hand goes into the next night without. Nobody is held up by a doubt.
Data manager: look at the line that is named; correct it, or waive this where the site does call things so.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.mapping"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "A line of the site's mapping says something else than the name of its column, or a word in it."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a doubt."""
    return pl.col("record_key").is_null()
