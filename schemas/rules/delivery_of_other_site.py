"""Every site lists its participants in a file of its own.

Why: the same list at two sites is one site twice: a `source` that was copied with its path, or an export sent for the wrong site. Each
of its participants would be counted twice.
Data manager: correct `source` in one of the two mappings, or ask the site what it sent; set-aside makes a wrong delivery count as never
sent.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The file that lists the participants is the same as that of another site; they may be counted twice."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a delivery."""
    return pl.col("why").is_null()
