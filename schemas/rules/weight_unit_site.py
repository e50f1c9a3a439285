"""A site's weights are kilograms where kilograms are declared.

Why: pounds in a column of kilograms make most adults of a site heavier than hardly anybody is, though each weight alone is possible;
children are held against a formula of emergency medicine. Doses per kilogram and weight bands hang on it. Nothing is converted.
Site: say in which unit participants were weighed.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_weight"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "Many of the site's participants are unusually heavy for their age; the weights may be pounds."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    adults = pl.when(pl.col("n_adults") >= evidence.weight_site_min.value).then(
        100 * pl.col("n_heavy_adults") <= evidence.weight_site_heavy_pct.value * pl.col("n_adults")
    )
    children = pl.when(pl.col("n_children") >= evidence.weight_site_min.value).then(
        100 * pl.col("n_heavy_children") <= evidence.weight_site_heavy_pct.value * pl.col("n_children")
    )
    return pl.all_horizontal(adults.fill_null(True), children.fill_null(True))
