"""An instrument that a site delivers in items has items wherever it has a total.

Why: the computed score stands, and of this assessment there is nothing to compute it from. The reported total is kept beside an
unknown score (AVALREP), for nobody has checked it.
Site: send the items of this assessment, or say that there are totals only.
Data manager: of a site with totals only the mapping names no item columns.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "A total was reported, but every item of this assessment is blank; the score is unknown, the total is kept as reported."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: no total, or the site delivers this instrument in totals."""
    return pl.when(pl.col("has_total") & pl.col("has_items_sent")).then((pl.col("n_answered") > 0) | (pl.col("n_faulty") > 0))
