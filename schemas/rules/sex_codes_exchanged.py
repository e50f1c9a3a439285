"""The women of a site weigh less than its men.

Why: where the codes for women and men are exchanged every row holds an allowed word, and at a site with about as many of both no share
shows it. Women weigh ten kilograms and more less than men on average; where they weigh more by far more than chance gives, the codes
are most likely exchanged. The limits stand in the evidence file.
Data manager: compare the map in the line that is named with the site's code book, and one participant's file.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.sites"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The site's women weigh more than its men; the codes of the two may be exchanged."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a sign (flows/engine/beside.py)."""
    return pl.col("record_key").is_null()
