"""Every row's subject is in the site's subject table.

Why: a record of a subject nobody enrolled, or whose own row is in quarantine, belongs to nobody.
Site: correct the identifier, or send the subject's row.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "*"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The subject is not in the site's subject table, or that row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("subject_known")
