"""An adverse event row reports one event.

Why: "headache and nausea" is coded to the first term of the word list that fits; the other one is then in no count by term.
Site: send one row for each event, each with its own dates and severity.
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
MESSAGE = "The text names several events; it is counted under one term."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("n_terms") <= 1
