"""Amounts do not part a site's participants in two.

Why: where the capsules of all arms have the same strength, one half of the participants with another amount at every dose (0 mg, or
nothing) is most likely the placebo arm; amounts, findings and deviations would tell it (ICH E9 2.3.1). The delivery is held.
Site: send the strength printed on the capsule for everybody.
Data manager: if the difference does not tell the arm (a field that was added later), write `blinding: {status: blinded, amounts: shown}`
in the trial's file.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.arm"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The amounts of doses may tell the arm of a blinded trial; the delivery is held."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a case."""
    return pl.col("record_key").is_null()
