"""An adverse event that nobody knows is not a known one with a letter wrong.

Why: a misspelt event has no term and is in no count of its kind. Convulsion and psychosis are known toxicities of cycloserine (DOMAIN C2);
one letter wrong would hide them from the flag, too. Asked of words of six letters and more.
Site: say what is meant.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.event_spelling"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An adverse event without a term is a letter away from a known one; it is counted with none."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("near_term").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which term it is near to."""
    return pl.format("may mean: {}", pl.col("near_term"))
