"""Weights are those of participants.

Why: a weight outside the evidence file's limits is another unit or a slip; mg per kg and weight bands hang on it.
Site: correct the weight or its unit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "weight_kg"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The weight is outside the plausible range; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("weight_kg").is_between(evidence.weight_min_kg.value, evidence.weight_max_kg.value)
