"""Weights are those of most people of that age.

Why: kilograms in a column of pounds, or pounds in one of kilograms, give weights that exist but are rare; the dose per kilogram then is
wrong by a factor of two. Kept as sent. Without an age nothing is asked.
Site: check the weight and its unit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "subject"
FIELD = "weight_kg"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The weight is rare at this age; its unit may be another."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    limits, weight = evidence, pl.col("weight_kg")
    adult = weight.is_between(limits.weight_usual_adult_min_kg.value, limits.weight_usual_adult_max_kg.value)
    adolescent = weight.is_between(limits.weight_usual_adolescent_min_kg.value, limits.weight_usual_adolescent_max_kg.value)
    child = weight <= limits.weight_usual_child_max_kg.value
    return (
        pl.when(pl.col("age_years") >= evidence.pediatric_age_years.value).then(adult)
        .when(pl.col("age_years") >= evidence.weight_child_age_years.value).then(adolescent)
        .when(pl.col("age_years").is_not_null()).then(child)
    )
