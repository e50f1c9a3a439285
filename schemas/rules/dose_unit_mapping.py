"""The amounts of a site are those of the protocol, not all of them a unit's factor away.

Why: a wrong unit in a mapping makes every amount a thousand times too large or small. Each dose has its own finding then; this one says
what they have in common, and which line of the mapping to look at. Nothing is converted.
Data manager: correct the unit in the line that is named, or ask the site for the unit its column is written in.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.sites"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.AMOUNT
MESSAGE = "Nearly all amounts of the site are a unit's factor away from the protocol's; the unit in the mapping is most likely wrong."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a sign (flows/engine/beside.py)."""
    return pl.col("record_key").is_null()
