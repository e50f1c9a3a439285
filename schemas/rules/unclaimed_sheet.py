"""Every sheet, item group or instrument that holds rows of participants is read by some table.

Why: records may go on in a second sheet, or in a new version of a form; what nothing reads would vanish.
Data manager: map it, or name it in `ignore_files` as `export.xlsx/Old doses`.
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
MESSAGE = "No table's mapping reads this sheet, item group or instrument; it is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "unclaimed_sheet"
