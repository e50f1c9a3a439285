"""No file of a blinded trial shows who got what.

Why: a wildcard in `file` may bring in a randomization list or an export with the arm. Such a file is not landed at all: it is not
copied, not read, and shown in no set.
Site: take what shows the arms out of the export.
Data manager: tell whoever must know that they were sent. To read the file all the same, name it
without a wildcard.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "loose_row"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The file looks like a randomization list of a blinded trial (it shows the arms); it was left at its source and not landed."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "arms_shown"
