"""An assessment is of an instrument the trial uses.

Why: without the instrument's items nothing can be scored; a wrong name would give a wrong score.
Data manager: name the instrument in the trial file, or correct the mapping.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("form", "item")
FIELD = "instrument"
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.PRIMARY
MESSAGE = "The instrument is not one of the trial; the row is set aside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("instrument_known")
