"""A participant takes the same amount at every session.

Why: an amount of another arm, or of before a typing error of one digit, is an amount of the trial and shows only beside the
participant's other doses. Where a trial changes amounts on purpose, the answer is yes.
Site: check the amount.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_amount"
FIELD = "dose_mg"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The amount is not the one that the participant took at the other sessions."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_usual")
