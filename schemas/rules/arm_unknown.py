"""Every arm is one of the trial file.

Why: an arm the trial does not have cannot be labelled.
Site: correct the arm's code.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "randomization"
FIELD = "arm"
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The arm is not one of the trial's; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("arm_known")
