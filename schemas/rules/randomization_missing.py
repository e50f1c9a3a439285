"""Who comes to sessions and visits after the baseline is randomized.

Why: without a date of randomization there is no study day, no window and no place in any population. Who took a dose is asked about with
the dose (dose_not_randomized); here is who came to a session or a later visit and took none, at a site that sends such dates.
Site: send the date of randomization, or say that there was none.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_baseline"
FIELD = "randomized_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "A participant came to sessions or visits after the baseline and has no date of randomization."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_treated_unrandomized")
