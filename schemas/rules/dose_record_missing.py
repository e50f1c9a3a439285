"""Every planned dose of a session that was held has a record.

Why: where a site writes down the doses that were not taken, too, a dose without any record was forgotten in the export, not by the
participant; the deviation DOSE_MISSED would be wrong. So it is where nearly every participant has a record of each planned dose: a file
may be cut or filtered. Not asked of other sites that never record a dose as not taken.
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
MESSAGE = "A planned dose of a session that was held has no record, although the site records nearly every dose, or those not taken."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    thorough = pl.col("site_records_untaken") | pl.col("site_records_all")
    asked = pl.col("is_expected") & thorough & ~pl.col("is_taken")
    return pl.when(asked).then(pl.col("has_record"))
