"""Every planned dose of a session that was held has a record.

Why: where a site writes down the doses that were not taken, too, a dose without any record was forgotten in the export, not by the
participant; the deviation DOSE_MISSED would be wrong. Not asked where a site never records a dose as not taken.
Site: send the record, taken or not.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.planned_dose"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.TIMING
MESSAGE = "A planned dose of a session that was held has no record, although the site records doses not taken."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    asked = pl.col("is_expected") & pl.col("site_records_untaken") & ~pl.col("is_taken")
    return pl.when(asked).then(pl.col("has_record"))
