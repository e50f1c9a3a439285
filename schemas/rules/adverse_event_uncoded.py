"""An adverse event has a term of the list.

Why: an event without one (a word that the list does not know, or one that is misspelt) is published as it was reported, with AEDECOD null:
a count by term leaves it out. Nothing is coded by likeness.
Site: nothing; it is noted. Data manager: a word that comes again belongs into the list of terms.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.adverse_event"
FIELD = "verbatim"
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The event has no term of the list; counts by term leave it out."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: the row reports no event."""
    return pl.when(pl.col("is_event")).then(pl.col("term").is_not_null())
