"""A medication row that names no drug has no dose.

Why: "none" or a dash with 500 mg beside it is a drug whose name was lost; it would count as no medication.
Site: say which drug it was, or take the dose away.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "A medication row names no drug, and a dose of it."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(~pl.col("is_drug")).then(~pl.col("dose_text").fill_null("").str.contains(r"[1-9]"))
