"""A site's totals do not look like means of the items.

Why: where only totals are sent, sums that never pass the highest single answer, over many forms, look like means; each would be too
small by the number of items. Asked from as many totals on as the SUDS scale rule wants. Nothing is converted.
Site: say whether these are sums or means, and send the sums. Data manager: give means to the parameter of the mean, where there is one.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_total"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The site's totals of this parameter never pass the highest single answer; they look like means."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_totals") >= evidence.suds_scale_min_ratings.value
    return pl.when(many).then(pl.col("highest_total") > pl.col("highest_mean"))
