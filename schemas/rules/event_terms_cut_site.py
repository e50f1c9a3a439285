"""The terms of a site's adverse events end where they are spelt out, not at one length.

Why: a field or an export that holds so many letters and no more cuts longer terms off; what is left may name another event ("pain in the
chest, ra", "depression of"), and is coded as such. Of terms that are whole, hardly two different ones share the greatest length.
Site: send the whole terms. Data manager: look for the width of the column in the site's export.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_event"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "Many different terms of the site's adverse events have the same, the greatest, length; they may be cut off."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: no event."""
    long = pl.col("longest") >= evidence.cut_min_letters.value
    many = (pl.col("n_longest") >= evidence.cut_min_terms.value) & (pl.col("n_longest") >= pl.col("n_nearly"))
    return ~(long & many)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many, at which length."""
    return pl.format("{} different terms have {} letters, none has more", pl.col("n_longest"), pl.col("longest"))
