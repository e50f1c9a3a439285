"""A site's ratings use the scale that was declared.

Why: ratings declared on 0-100 that never pass 10, over many ratings, look like 0-10 (DOMAIN B). Nothing is converted.
Site: say which scale was used; it will be read so.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_suds"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The site's ratings were declared on 0-100 but look like 0-10."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    many = pl.col("n_ratings") >= evidence.suds_scale_min_ratings.value
    return pl.when(many).then(pl.col("highest_suds") > evidence.suds_scale_looks_like_max.value)
