"""An adverse event is not psychosis or convulsion.

Why: both are known toxicities of cycloserine (DOMAIN C2); the words are searched, not judged, so each is asked about.
Site: confirm the event, and the safety officer is told.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.adverse_event"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An adverse event speaks of psychosis or convulsion."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("special_interest").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.col("special_interest")
