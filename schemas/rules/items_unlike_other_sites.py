"""The items of a questionnaire are answered at a site, one beside the other, as at the other sites of its trial.

Why: some situations are feared more than others, and much the same ones everywhere. Two columns that were exchanged, fear in the place of
avoidance, or a column that holds one number for everybody gives answers that are all possible, and a total added up from them agrees;
the item then lies beside the others of its form where it lies at no other site. Asked once an instrument, where the two items, the two
halves or the one item are further off than the other sites' own spread and chance explain (evidence file). Waive what a translation does.
Data manager: compare the columns of the items that are named with one paper form of the site.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.sites"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Items of a questionnaire are not answered as at the other sites; columns may be exchanged, or hold one number for all."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a sign (flows/engine/beside_items.py)."""
    return pl.col("record_key").is_null()
