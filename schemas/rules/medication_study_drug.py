"""The study drug is not reported as concomitant medication.

Why: cycloserine, or terizidone which contains it, beside the study's capsules is contamination, or a study dose in the wrong
form. Source: DOMAIN C1.
Site: move the row to the doses or confirm the medication.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "Cycloserine or a drug that contains it is reported as concomitant medication."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_study_drug")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.col("ingredient")
