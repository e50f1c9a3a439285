"""A code is called what it was called.

Why: an export from SPSS, Stata, REDCap or another program that knows value labels may give a code another meaning from one delivery to the
next, while the code looks the same. Case, spaces and punctuation do not matter, nor do new codes.
Site: tell us what the codes mean now, and since when. Data manager: correct the mapping, or, where a label was only worded better, let the
delivery pass with trialweave release-hold.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.field"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Codes of a column have other labels than in the last delivery; the delivery is held and the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """No code that both deliveries label is called something else."""
    return pl.col("n_changed") == 0
