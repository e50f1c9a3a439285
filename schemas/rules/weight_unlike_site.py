"""An adult's weight lies among those of the site's other adults.

Why: pounds, or the height in centimetres, in a column of kilograms is a possible weight, but far above nearly all others of the site. The
dose per kilogram then is wrong by a factor of two. Kept as sent; where many are so heavy the site is asked instead.
Site: check the weight and its unit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_weight"
FIELD = "weight_kg"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The weight is far above those of the site's other adults; its unit may be another."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    most = (evidence.weight_far_ratio.value * pl.col("upper_weight_kg")).clip(lower_bound=evidence.weight_heavy_adult_kg.value)
    usual = pl.col("weight_kg") <= evidence.weight_usual_adult_max_kg.value  # heavier ones are asked about by another rule
    return pl.when((pl.col("n_others") >= evidence.weight_site_min.value) & usual).then(pl.col("weight_kg") <= most)
