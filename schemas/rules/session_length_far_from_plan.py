"""Sessions last about as long as the protocol plans.

Why: a slip of hours in the start or the end shows as a length that is many times the planned one or a small part of it, also where
it is still a length sessions have. The limit is the evidence file's ratio; lengths that no session has are asked about elsewhere.
Site: check start and end.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_check"
FIELD = "ended_at"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "The session is several times longer or shorter than the protocol plans."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    ratio = evidence.session_length_ratio_max.value
    usual = pl.col("length_min").is_between(evidence.session_min_length_min.value, evidence.session_max_length_min.value)
    return pl.when(usual).then(pl.col("length_min").is_between(pl.col("planned_length_min") / ratio, pl.col("planned_length_min") * ratio))
