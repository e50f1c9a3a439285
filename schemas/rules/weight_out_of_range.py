"""Weights are those of participants.

Why: a weight outside the evidence file's limits for the age (child, adolescent, adult) is another unit or a slip;
mg per kg and weight bands hang on it.
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
COMPARES = True  # what a weight can be depends on the age, where the age stands
MESSAGE = "The weight is outside the plausible range for this age; it is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    weight, age = pl.col("weight_kg"), pl.col("age_years")
    child = weight <= evidence.weight_child_max_kg.value
    adolescent = weight.is_between(evidence.weight_adolescent_min_kg.value, evidence.weight_adolescent_max_kg.value)
    of_age = (
        pl.when(age < evidence.weight_child_age_years.value).then(child)
        .when(age < evidence.pediatric_age_years.value).then(adolescent)
        .when(age.is_not_null()).then(weight >= evidence.weight_adult_min_kg.value)
        .otherwise(True)
    )  # fmt: skip
    return weight.is_between(evidence.weight_min_kg.value, evidence.weight_max_kg.value) & of_age
