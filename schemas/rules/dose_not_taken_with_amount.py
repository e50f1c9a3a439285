"""A dose that was not taken has no amount, where the site's others not taken have none.

Why: an amount says that a capsule was given; either the amount or the answer is wrong, and with the answer no the dose counts nowhere.
A site that fills in the planned amount on every row is not asked, nor is of a session that was not held.
Site: check whether it was taken.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.dose_amount"
FIELD = "taken"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "The dose is said not to be taken, but has an amount, unlike other doses not taken of the site."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: the dose was taken, or has no amount."""
    few = (pl.col("n_untaken_given") == 1) | (pl.col("n_untaken_given") * 2 <= pl.col("n_untaken"))
    return pl.when(pl.col("n_untaken_given") > 0).then(~few)
